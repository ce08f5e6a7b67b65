# export_onnx.py - the bundled network as ONNX, for GStreamer's onnxinference
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# usage: export_onnx.py OUT.onnx [WIDTH HEIGHT]
# Needs PyTorch and python3-onnx; the size is fixed, as onnxinference wants it.
import sys
from pathlib import Path

import onnx
import torch

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / 'models'))
from doclayout import deploy, network  # noqa: E402


def fold_as(form, state):
    """Convolutions with a bias where the module has one, in place of an affine map."""
    for name, block in form.named_modules():
        if isinstance(block, network.Conv) and f'{name}.conv.bias' in state:
            block.conv.bias = torch.nn.Parameter(torch.zeros(block.conv.out_channels))
            block.bn = torch.nn.Identity()


def main(out, width=1024, height=576):
    module = torch.jit.load(str(SOURCE / 'models/doclayout-n.mlpkg/backends/tch/model.pt'))
    module = module.float().eval()
    labels = module.state_dict()['model.23.one2one_cv3.0.2.weight'].shape[0]
    form = deploy.Deployed(network.doclayout(nc=labels)).eval()
    fold_as(form, module.state_dict())
    form.load_state_dict(module.state_dict())
    torch.onnx.export(form, torch.zeros(1, 3, int(height), int(width)), out,
                      input_names=['image'], output_names=['boxes'], opset_version=13)
    model = onnx.load(out)
    # onnxinference 1.26 refuses outputs without an id of their tensor.
    entry = model.metadata_props.add()
    entry.key, entry.value = 'boxes', 'yolo-v10-out'
    onnx.save(model, out)


if __name__ == '__main__':
    main(*sys.argv[1:])
