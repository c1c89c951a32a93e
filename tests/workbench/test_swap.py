"""What is imported before tests are bound to a solution."""

from mlpath.workbench import swap


def test_what_the_first_optimizer_of_torch_imports_is_there_before_tests_are_timed(tmp_path, monkeypatch):
    asked, file = [], tmp_path / "test_x.py"
    monkeypatch.setattr(swap.importlib, "import_module", asked.append)
    for text, expected in (
        ("import torch\nprint(torch.optim.SGD)\n", ["torch", "torch._dynamo"]),
        ("import torch\n", ["torch"]),
    ):
        asked.clear()
        file.write_text(text)
        swap.preload(file)
        assert asked == expected
