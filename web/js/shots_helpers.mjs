// What the shots' panels show, apart from the page itself: plain functions over what a run sent.

/** The cells of a strip, from the rows that a run sent; `address` gives a picture's address. Only rows with a picture. */
export function cellsOf(output, address) {
  return (output?.shots ?? []).filter((row) => row.picture).map((row) => ({
    address: address(row.picture), label: `${row.number} ${row.id}`, made: row.made,
    reason: [row.reason, row.seed === undefined ? "" : `seed ${row.seed}`].filter(Boolean).join(", "),
  }));
}

/** What a run said of its shots, and the film's seed that it used. */
export function wordsOf(output) {
  const seed = output?.seed?.[0];
  return [...(output?.message ?? []), ...(seed === undefined ? [] : [`Film seed ${seed}`])].join("\n");
}

/** The same output for a run in which ComfyUI did not even ask the node: nothing was made. */
export function keptOutput(output) {
  const shots = (output?.shots ?? []).map((row) => ({ ...row, made: false, reason: "" }));
  return { ...output, message: [`${shots.length} shot${shots.length === 1 ? "" : "s"}, all kept`], shots };
}

/** The path and query under which ComfyUI gives a file. */
export function viewPath(file) {
  const query = new URLSearchParams({ filename: file.filename, subfolder: file.subfolder, type: file.type });
  return `/view?${query}`;
}

/** The node that an execution id names: "7", in a subgraph "3:7", in an expansion "7.0.0.2". */
export function nodeOf(graph, id) {
  const [first, ...rest] = String(id).split(".")[0].split(":");
  const node = graph?.nodes?.find((each) => String(each.id) === first);
  return rest.length ? nodeOf(node?.subgraph, rest.join(":")) : node;
}
