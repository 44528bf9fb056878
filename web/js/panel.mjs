// A panel on a node: text that one can read and select, and below it pictures of shots. It saves nothing.

// What it holds must not stretch the node: the outer box takes the room that there is, the inner one scrolls in it.
const OUTER = { position: "relative", width: "100%", height: "100%" };
const INNER = {
  position: "absolute", inset: "0", boxSizing: "border-box", overflow: "auto", padding: "6px 8px", borderRadius: "6px",
  background: "var(--comfy-input-bg)", color: "var(--input-text)", font: "11px/1.45 sans-serif", userSelect: "text",
};
const GRID = { display: "grid", gridTemplateColumns: "repeat(auto-fill, minmax(62px, 1fr))", gap: "4px", marginTop: "4px" };
const LABEL = { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap", fontSize: "10px" };

/** Adds a panel to a node; `height` in pixels is the least that it needs. */
export function addPanel(node, { placeholder, height }) {
  const root = styled("div", { ...OUTER, minHeight: `${height}px` }), box = styled("div", INNER);
  const text = styled("div", { whiteSpace: "pre-wrap" }), grid = styled("div", GRID);
  box.append(text, grid);
  root.append(box);
  root.className = "moviedreamer-panel";
  text.textContent = placeholder;
  // The canvas must not scroll or zoom while the panel does.
  box.addEventListener("wheel", (event) => box.scrollHeight > box.clientHeight && event.stopPropagation());
  const widget = node.addDOMWidget("panel", "MOVIEDREAMER_PANEL", root, {
    serialize: false, hideOnZoom: false, getMinHeight: () => height, getValue: () => "", setValue: () => {},
  });
  widget.serialize = false;
  return {
    say: (words) => { text.textContent = words || placeholder; },
    show: (cells) => grid.replaceChildren(...cells.map(cellOf)),
  };
}

/** One shot: its picture, its number and name; a dot says that it was made now, the tooltip why. */
function cellOf({ address, label, made, reason }) {
  const cell = styled("div", { minWidth: "0" }), name = styled("div", LABEL);
  if (address) {
    const picture = styled("img", { width: "100%", display: "block", borderRadius: "3px" });
    Object.assign(picture, { src: address, alt: label, loading: "lazy", draggable: false });
    cell.append(picture);
  }
  name.textContent = made ? `● ${label}` : label;
  name.style.color = made ? "#f0b34a" : "inherit";
  cell.title = reason ? `${label}: ${reason}` : label;
  cell.append(name);
  return cell;
}

function styled(tag, style) {
  const element = document.createElement(tag);
  Object.assign(element.style, style);
  return element;
}
