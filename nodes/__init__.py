"""The nodes: one module a stage, each a schema and a short execute over the core. The only layer that knows ComfyUI."""

from importlib import import_module

from ._comfy import ComfyExtension, io

MODULES = (
    "script", "cast", "loaders", "tokenizer", "planner", "decoder", "model_decoder", "animator", "routes",
    "body", "speech", "settings", "shots", "film", "papers", "continuity", "preflight", "body_steps",
)  # fmt: skip


class MovieDreamerExtension(ComfyExtension):
    """MovieDreamer's nodes, and what the page asks for beside them."""

    async def on_load(self) -> None:
        """Answer the page."""
        for page in ("script_page", "editor_page", "board_page"):
            import_module(f".{page}", __name__).add_routes()
        import_module(".templates", __name__).keep_order()

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Every node, in the order in which a film is made."""
        return [node for name in MODULES for node in import_module(f".{name}", __name__).NODES]
