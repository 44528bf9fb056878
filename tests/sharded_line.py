"""Two processes share the weights of one network (torch's FSDP2, over gloo) and keep checkpoints; one does it alone.

`sharded_line.py FOLDER 0` beside `sharded_line.py FOLDER 1` leave `shared/` and `alone/`.
"""

import sys
from pathlib import Path

import torch
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from moviedreamer_core.training.checkpoint import load_moments, load_weights, save_checkpoint


def learn(folder: Path, steps: range, shared: bool, main: bool) -> None:
    """Go on from the folder's last checkpoint, if there is one, and leave another."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 3))
    load_weights(folder, model)
    if shared:
        fully_shard(model, mesh=init_device_mesh("cpu", (2,)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    load_moments(folder, None, optimizer)
    for step in steps:
        rows = torch.randn(4, 6, generator=torch.Generator().manual_seed(step))
        model(rows).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    save_checkpoint(folder, steps.stop, model, None, optimizer, {}, main=main)


if __name__ == "__main__":
    torch.set_num_threads(1)
    home, rank = Path(sys.argv[1]), int(sys.argv[2])
    distributed.init_process_group("gloo", init_method=f"file://{home}/meeting", rank=rank, world_size=2)
    main = rank == 0
    for name, shared in (("shared", True), ("alone", False)):
        if main:
            (home / name).mkdir()
        for steps in (range(0, 3), range(3, 5)):
            distributed.barrier()
            if shared or main:
                learn(home / name, steps, shared, main)
    distributed.barrier()
    distributed.destroy_process_group()
