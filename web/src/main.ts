import "@fontsource-variable/instrument-sans/wght.css";
import "@fontsource-variable/newsreader/wght.css";
import "@fontsource-variable/newsreader/wght-italic.css";
import "./app.css";

import { mount } from "svelte";

import { sentence, type DataSource } from "./api/source";
import { serverSource } from "./api/server";
import App from "./App.svelte";
import { setStudio, Studio } from "./state/studio.svelte";

async function source(): Promise<DataSource> {
  const fake = new URLSearchParams(location.search).get("fake");
  if (import.meta.env.DEV && fake !== null)
    return (await import("./api/fake")).fakeSource(Number(fake), 20);
  const data = document.querySelector<HTMLMetaElement>("meta[name=impasto-data]")?.content;
  if (data !== undefined) return (await import("./api/static")).staticSource(data);
  return serverSource();
}

const target = document.getElementById("app");
if (!target) throw new Error("The page has no place for the app.");
try {
  setStudio(new Studio(await source()));
  target.replaceChildren();
  mount(App, { target });
} catch (error) {
  target.textContent = sentence(error); // a site whose data is not where it should be
}
