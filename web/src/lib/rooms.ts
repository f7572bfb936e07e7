/**
 * The rooms of the app, in the order of the navigation.
 *
 * A new room is a line here, `pages/Name.svelte` (named after its page) and a drawing in
 * `Icon.svelte`; navigation, address, `g` keys, cheat sheet and loading follow.
 */

export const ROOMS = [
  { page: "browse", title: "Browse", key: "b", asks: false },
  { page: "neighbours", title: "Neighbours", key: "n", asks: true },
  { page: "distribution", title: "Distribution", key: "d", asks: true },
  { page: "compare", title: "Compare", key: "c", asks: false, keeps: true },
  { page: "retrieval", title: "Retrieval", key: "r", asks: false, keeps: true },
  { page: "map", title: "Map", key: "m", asks: false },
  { page: "prepare", title: "Prepare", key: "p", asks: false, keeps: true },
  { page: "learn", title: "Learn", key: "l", asks: false, keeps: true },
  { page: "review", title: "Review", key: "w", asks: false, keeps: true },
  { page: "try", title: "Try", key: "t", asks: true },
] as const satisfies readonly RoomLike[];

interface RoomLike {
  readonly page: string;
  readonly title: string;
  /** The second key of `g …`. */
  readonly key: string;
  /** Whether its address holds a query (`term=…`), which then goes along from room to room. */
  readonly asks: boolean;
  /** Whether its link leads back to what was last looked at in it. */
  readonly keeps?: boolean;
}

export type Room = (typeof ROOMS)[number];
export type Page = Room["page"];

export function keeps(room: RoomLike): boolean {
  return room.keeps === true;
}

/** Rooms that a narrow screen shows at once; the others wait behind "More". */
const AT_ONCE = 4;

export function roomOf(page: Page): Room {
  return ROOMS.find((room) => room.page === page) ?? ROOMS[0];
}

/** Which rooms stand in the bar and which behind "More", which is never there for one alone. */
export function arranged<T>(rooms: readonly T[], wide: boolean): { bar: readonly T[]; more: readonly T[] } {
  if (wide || rooms.length <= AT_ONCE + 1) return { bar: rooms, more: [] };
  return { bar: rooms.slice(0, AT_ONCE), more: rooms.slice(AT_ONCE) };
}
