/** The place in the app, kept in the URL's hash so that a view can be shared and gone back to. */

import { ROOMS, type Page } from "./rooms";

export type { Page };

export interface Place {
  readonly page: Page;
  readonly params: URLSearchParams;
}

/** Read `#/page?name=value`; anything unknown is the Browse page. */
export function parsePlace(hash: string): Place {
  const [path = "", query = ""] = splitOnce(hash.replace(/^#\/?/, ""), "?");
  const page = ROOMS.find((room) => room.page === path)?.page ?? "browse";
  return { page, params: new URLSearchParams(query) };
}

/** Write a place so that people can read it: `image:12` stays `image:12`. */
export function formatPlace(page: Page, params: URLSearchParams): string {
  const query = [...params]
    .map(([name, value]) => `${readable(name)}=${readable(value)}`)
    .join("&");
  return query ? `#/${page}?${query}` : `#/${page}`;
}

function readable(text: string): string {
  return encodeURIComponent(text)
    .replace(/%(3A|2C|2F|7E)/g, (escaped) => decodeURIComponent(escaped))
    .replace(/%20/g, "+");
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}
