/** Pictures that did not come, to be asked for again when the server is back. */

const MANY = 500;

export class Broken {
  #images = new Set<HTMLImageElement>();

  /** Hear of a failure: a listener for `error` events of the window, in the capturing phase. */
  readonly note = (event: Event): void => {
    if (!(event.target instanceof HTMLImageElement)) return;
    this.#images.add(event.target);
    if (this.#images.size > MANY) this.#images = new Set([...this.#images].filter((each) => each.isConnected));
  };

  /** Ask once more for those that are still on the page. */
  again(): void {
    const images = [...this.#images].filter((each) => each.isConnected);
    this.#images.clear();
    for (const image of images) image.setAttribute("src", image.getAttribute("src") ?? "");
  }
}
