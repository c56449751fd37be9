/** @file VitePress's own theme, with the small changes of `style.css`. */
import DefaultTheme from "vitepress/theme";
import "./style.css";

export default DefaultTheme;
