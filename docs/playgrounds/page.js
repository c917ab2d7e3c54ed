// The page's side of a playground: an element that waits until it comes into view, then loads its module in place of its figure.

class PlayGround extends HTMLElement {
  connectedCallback() {
    this.visit = new AbortController();
    const near = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      this.open(this.visit.signal);
    }, { rootMargin: "300px" });
    near.observe(this);
    this.visit.signal.addEventListener("abort", () => near.disconnect());
  }

  disconnectedCallback() {
    this.visit.abort();
    this.querySelector(":scope > .play")?.remove();
    this.classList.remove("is-open");
  }

  async open(signal) {
    const { start } = await import(new URL(`./${this.dataset.play}.js`, import.meta.url));
    if (signal.aborted) return;
    const room = document.createElement("div");
    room.className = "play";
    await start(room, { key: this.dataset.key, given: this.dataset.given ?? "", signal });
    if (signal.aborted) return;
    this.append(room);
    this.classList.add("is-open");
  }
}

customElements.get("play-ground") ?? customElements.define("play-ground", PlayGround);
