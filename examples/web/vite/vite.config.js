export default {
  base: "./", // at any path
  optimizeDeps: { exclude: ["strata-vae"] }, // its thread lies beside its file
};
