import "@fontsource-variable/noto-sans/wght.css";
import "@fontsource-variable/noto-sans-sc/wght.css";
import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no element #app to mount the desk in");
mount(App, { target });
