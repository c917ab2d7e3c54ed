// The page's side of a playground: an element that waits until it comes into view, then opens in the place of its figure.
// The caption's place keeps its height, so that nothing moves; one button changes between the figure and the playground.

class PlayGround extends HTMLElement {
  connectedCallback() {
    this.visit = new AbortController();
    const { signal } = this.visit;
    const near = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      this.open(signal);
    }, { rootMargin: "300px" });
    if (document.readyState === "complete") near.observe(this);
    else addEventListener("load", () => setTimeout(() => near.observe(this)), { once: true, signal }); // the words first
    signal.addEventListener("abort", () => near.disconnect());
  }

  disconnectedCallback() {
    this.visit.abort();
    this.classList.remove("is-open");
    this.querySelector(":scope > .play")?.remove();
    this.foot?.remove();
  }

  async open(signal) {
    const { caption, start } = await import(new URL(`./${this.dataset.play}.js`, import.meta.url));
    const room = document.createElement("div");
    room.className = "play";
    await start(room, { key: this.dataset.key, given: this.dataset.given ?? "", signal });
    if (signal.aborted) return;
    this.style.minHeight = `${this.getBoundingClientRect().height}px`; // a tall figure leaves its height behind
    this.append(room);
    this.closest("article")?.setAttribute("data-plays", "");
    const words = this.parentElement.querySelector("figcaption");
    if (words) this.explain(words, typeof caption === "function" ? caption(this.dataset.given ?? "") : caption);
    this.classList.add("is-open");
  }

  explain(words, caption) {
    words.style.minHeight = `${words.getBoundingClientRect().height}px`;
    this.foot = document.createElement("p");
    this.foot.className = "play-caption";
    const text = document.createElement("span");
    const change = document.createElement("button");
    change.type = "button";
    const tell = () => {
      const open = this.classList.contains("is-open");
      text.textContent = open ? `${caption} ` : "";
      change.textContent = open ? "Show the figure" : "Try it yourself";
    };
    change.addEventListener("click", () => {
      this.classList.toggle("is-open");
      tell();
    });
    this.classList.add("is-open");
    tell();
    this.foot.append(text, change);
    words.append(this.foot);
  }
}

customElements.get("play-ground") ?? customElements.define("play-ground", PlayGround);
