// A grid of many cards of which only those in sight exist. All cards have one size, so where each lies is arithmetic;
// cards that leave one end come in again at the other.

/** Where cards lie: as many columns as fit, cards `shape(width)` pixels high. Pixels. */
export function gridOf(width, count, { least, gap, shape }) {
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const cardWidth = Math.max(1, Math.floor((width - gap * (columns - 1)) / columns));
  const cardHeight = Math.round(shape(cardWidth)), rows = Math.ceil(count / columns);
  return { columns, cardWidth, cardHeight, gap, rows, height: Math.max(0, rows * (cardHeight + gap) - gap) };
}

/** The first and one past the last card to be there, `more` rows before and after those in sight. */
export function windowOf(grid, count, top, height, more = 2) {
  const step = grid.cardHeight + grid.gap;
  const first = Math.max(0, Math.floor(top / step) - more), last = Math.ceil((top + height) / step) + more;
  return { first: Math.min(count, first * grid.columns), last: Math.min(count, Math.max(0, last) * grid.columns) };
}

/** Left and top of a card. */
export function placeOf(grid, index) {
  const row = Math.floor(index / grid.columns), column = index % grid.columns;
  return { x: column * (grid.cardWidth + grid.gap), y: row * (grid.cardHeight + grid.gap) };
}

/** Keeps the cards of `items` that are in sight inside a scrolling element. `make` builds a card, `fill` writes into it,
 *  `resized` is called after the room for them changed.
 */
export class VirtualGrid {
  constructor(scroller, { make, fill, resized, least = 200, gap = 8, shape, padding = 8 }) {
    Object.assign(this, { scroller, make, fill, resized, least, gap, shape, padding });
    this.items = [];
    this.cards = new Map();  // index -> card
    this.free = [];
    this.space = document.createElement("div");
    this.space.className = "md-space";
    scroller.append(this.space);
    this.scrolled = () => {
      this.top = scroller.scrollTop;
      this.later();
    };
    scroller.addEventListener("scroll", this.scrolled, { passive: true });
    this.watcher = new ResizeObserver(() => {
      this.resize();
      this.resized?.();
    });
    this.watcher.observe(scroller);
    this.waiting = 0;
  }

  /** Shows the items where the room was measured last. */
  show(items) {
    this.items = items;
    if (this.width) this.arrange();
  }

  /** Measures the room; reading it, or how far it is scrolled, costs a layout in the midst of a frame that writes cards,
   *  so that is done only when the page says that it changed.
   */
  resize() {
    this.top = this.scroller.scrollTop;
    this.width = Math.max(0, this.scroller.clientWidth - 2 * this.padding);
    this.high = this.scroller.clientHeight;
    if (this.width) this.arrange();
  }

  arrange() {
    this.grid = gridOf(this.width, this.items.length, this);
    const height = this.grid.height + 2 * this.padding;
    if (this.spaceHeight !== height) this.space.style.height = `${this.spaceHeight = height}px`;
    for (const [index, card] of this.cards) {
      if (index < this.items.length) this.put(card, index);
      else this.release(index, card);
    }
    this.draw();
  }

  /** Draws once in the next frame, however often it is asked. */
  later() {
    this.waiting ||= requestAnimationFrame(() => { this.waiting = 0; this.draw(); });
  }

  draw() {
    if (!this.grid) return;
    const { first, last } = windowOf(this.grid, this.items.length, this.top, this.high);
    for (const [index, card] of this.cards) {
      if (index < first || index >= last) this.release(index, card);
    }
    for (let index = first; index < last; index++) {
      if (!this.cards.has(index)) this.put(this.free.pop() ?? this.space.appendChild(this.make()), index);
    }
    for (const card of this.free) if (!card.hidden) card.hidden = true;
  }

  put(card, index) {
    const { x, y } = placeOf(this.grid, index);
    if (card.hidden) card.hidden = false;
    const where = `${this.grid.cardWidth} ${this.grid.cardHeight} ${x} ${y}`;
    if (card.where !== where) {
      card.where = where;
      card.style.width = `${this.grid.cardWidth}px`;
      card.style.height = `${this.grid.cardHeight}px`;
      card.style.transform = `translate(${x + this.padding}px, ${y + this.padding}px)`;
    }
    this.fill(card, this.items[index], index);
    this.cards.set(index, card);
  }

  release(index, card) {
    this.cards.delete(index);
    this.free.push(card);
  }

  /** Scrolls a card into sight. */
  reveal(index) {
    if (!this.grid || index < 0) return;
    const { y } = placeOf(this.grid, index), top = this.scroller.scrollTop, high = this.scroller.clientHeight;
    const end = y + this.grid.cardHeight + 2 * this.padding;
    if (y < top) this.scroller.scrollTop = y;
    else if (end > top + high) this.scroller.scrollTop = end - high;
    this.top = this.scroller.scrollTop;
    this.draw();
  }

  end() {
    this.watcher.disconnect();
    this.scroller.removeEventListener("scroll", this.scrolled);
    if (this.waiting) cancelAnimationFrame(this.waiting);
  }
}
