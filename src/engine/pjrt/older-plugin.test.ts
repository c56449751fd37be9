/** @file The binding on a second real plugin: the other end of the versions that it speaks. */
import { xlaPlugins } from "../../../test/support/pjrt.js";
import { testPlugin } from "../../../test/support/pjrt-plugin-tests.js";

const [, plugin = { name: "none is here: name a second one in STRATA_TEST_XLA_PLUGINS" }] = xlaPlugins(process.env);

testPlugin(plugin);
