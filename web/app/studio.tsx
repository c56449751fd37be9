/** @file The page that `strata studio` serves. */
import { start } from "./app.js";
import { httpBackend } from "./http-backend.js";

start(httpBackend());
