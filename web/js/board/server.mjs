// The server's side of the storyboard (nodes/board_page.py): the few questions that the page asks. `api` is ComfyUI's.

import { errorWords } from "./reasons.mjs";

/** A question that the server answered with an error: its words, and the status (404: the board is not known). */
export class ServerError extends Error {
  constructor(words, status) {
    super(words);
    this.status = status;
  }
}

/** The questions, asked through ComfyUI's api. Each throws a ServerError in the server's words. */
export function serverOf(api) {
  const ask = async (path, body) => {
    const more = body === undefined ? {} : {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    };
    const response = await api.fetchApi(path, more);
    const answer = await response.json().catch(() => ({}));
    if (response.status !== 200) throw new ServerError(errorWords(answer, answer.error ?? `${response.status}`), response.status);
    return answer;
  };
  const board = (id) => `/moviedreamer/board/${encodeURIComponent(id)}`;
  return {
    /** The board of a run, or with `changes` ({script, direction, planner, nodes}) as a run with these would find it. */
    board: (id, changes) => ask(board(id), changes),
    /** The candidates of a shot's plan as a run with `changes` would have them. */
    candidates: (id, shot, changes) => ask(`${board(id)}/candidates/${encodeURIComponent(shot)}`, changes),
    takes: (id, shot) => ask(`${board(id)}/takes/${encodeURIComponent(shot)}`),
    edit: (text, name, edits) => ask("/moviedreamer/script/edit", { text, name, edits }),
    /** What a file-based script node holds, as Edit Script would: {name, text}. */
    script: (body) => ask("/moviedreamer/script", body),
    /** The address of a picture or clip ({stage, key}); of a picture that is shown so wide (in pixels) a smaller one. */
    media: (id, { stage, key }, width) => api.apiURL(`${board(id)}/media/${stage}/${key}${width ? `?width=${width}` : ""}`),
    /** The id of the last board of a node, "" if the server knows none: for a page that was opened again. */
    lastBoard: async (node) => {
      const { boards } = await ask("/moviedreamer/boards");
      return boards.find((each) => String(each.node) === node)?.id ?? "";
    },
  };
}
