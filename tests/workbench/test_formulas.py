"""Formulas as text."""

import pytest

from mlpath.workbench.formulas import cells, display, inline


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"x_{t-1}^2", "xₜ₋₁²"),
        (r"q(x_T \mid x_0)", "q(x_T | x₀)"),
        (r"\lVert A \rVert_\infty", "‖A‖_∞"),
        (r"\lVert A \rVert_{S_p}", "‖A‖_(Sₚ)"),
        (r"n^{1/p}", "n^(1/p)"),
        (r"n_\text{draws}", "n_draws"),
        (r"f'(x)", "f′(x)"),
        (r"X_c^\top X_c", "X_cᵀ X_c"),
        (r"\tfrac12 \kappa", "½ κ"),
        (r"\frac{1}{n-1} \sum_{i=1}^n x_i", "1/(n − 1) ∑ᵢ₌₁ⁿ xᵢ"),
        (r"\frac{a + b}{c d}", "(a + b)/(c d)"),
        (r"\frac{f(t)}{f(0)}", "f(t)/f(0)"),
        (r"\log \frac{s_1}{s_2} + 1", "log (s₁/s₂) + 1"),
        (r"\log \frac1K \sum_k w_k", "log 1/K ∑ₖ wₖ"),
        (r"\sqrt{\bar\alpha_t} + \sqrt{a\lambda}", "√ᾱₜ + √(aλ)"),
        (r"\sqrt[3]{x}", "∛x"),
        (r"\hat x, \tilde\beta_t", "x̂, β̃ₜ"),
        (r"\min\{1, -x\}", "min{1, −x}"),
        (r"|-x| \le \|y\|^2", "|−x| ≤ ‖y‖²"),
        (r"\mathrm{KL}(q(z) \,\|\, p(z))", "KL(q(z) ‖ p(z))"),
        (r"x \in \mathbb{R}^n, y \ne 0", "x ∈ ℝⁿ, y ≠ 0"),
        (r"10{,}000 \cdot 10^{-17}", "10,000 · 10⁻¹⁷"),
        (r"A = \begin{pmatrix} 3 & 0 \\ 4 & 5 \end{pmatrix}", "A = [[3, 0], [4, 5]]"),
        (r"\left( \frac{a}{b} \right)^2 \nosuchthing", "(a/b)² nosuchthing"),
    ],
)
def test_a_formula_within_a_line(latex, text):
    assert inline(latex) == text


def test_a_formula_on_its_own_is_indented_and_its_number_is_at_the_right():
    assert display(r"a = b. \tag{12}", 30) == ["    a = b.                (12)"]


def test_a_matrix_takes_several_lines():
    assert display(r"K = \begin{pmatrix} 1 & 0 \\ 0 & 10 \\ 2 & 3 \end{pmatrix}.", 40) == [
        "        ⎛ 1   0 ⎞",
        "    K = ⎜ 0  10 ⎟.",
        "        ⎝ 2   3 ⎠",
    ]


def test_cases_have_a_brace():
    assert display(r"a = \begin{cases} -\infty & x = -1 \\ x & \text{else} \end{cases}", 40) == [
        "        ⎧ −∞   x = −1",
        "    a = ⎨",
        "        ⎩ x    else",
    ]


def test_a_brace_below_has_its_label():
    assert display(r"\underbrace{a + b + c + d}_{L_1} + e", 40) == ["    a + b + c + d + e", "    ╰─── L₁ ────╯"]


def test_aligned_rows_stand_one_below_the_other():
    assert display(r"\begin{aligned} a &= b \\ c &= d \end{aligned}", 40) == ["    a = b", "    c = d"]


def test_formulas_side_by_side_part_where_there_is_no_room():
    both = r"x = aaaaaaaaaaaaaa, \qquad y = bbbbbbbbbbbbbbbb"
    assert display(both, 80) == ["    x = aaaaaaaaaaaaaa,    y = bbbbbbbbbbbbbbbb"]
    assert display(both, 40) == ["    x = aaaaaaaaaaaaaa,", "    y = bbbbbbbbbbbbbbbb"]


def test_a_long_formula_is_broken_before_relations_and_signs_but_not_within_brackets():
    lines = display(r"\log p(x) = (aaaaaa + bbbbbb) - (cccccc + dddddd) + \lVert e - f \rVert^2 \tag{1}", 46)
    assert lines[0] == "    log p(x) = (aaaaaa + bbbbbb)"
    assert [line.strip()[0] for line in lines[1:]] == ["−"]
    assert lines[-1].endswith("(1)")
    assert max(map(cells, lines)) <= 46


def test_whatever_is_broken_in_a_formula_it_is_shown_somehow():
    latex = r"\bar a_{t} = \begin{cases} \frac1{2} & x \\ \sqrt{y} & \text{else} \end{cases} \Big( \underbrace{b}_{c} \Big)^2"
    for end in range(len(latex)):
        assert max(map(cells, display(latex[:end], 80)), default=0) <= 80
        inline(latex[end:])
