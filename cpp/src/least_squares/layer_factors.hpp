// What the Jacobian of the residuals by the parameters is made of, layer by layer.
//
// With a layer's input a, its tangents ȧ_k, and δ_o = ∂y_o/∂z, δ̇_ok its derivative along input k,
// the row of the Jacobian for output o is δ_o ⊗ [a; 1], and for its derivative along k it is
// δ̇_ok ⊗ [a; 1] + δ_o ⊗ [ȧ_k; 0].
//
// Here features are rows and samples columns, block by block as in ResidualLayout: so each product
// reads W where it lies in the flat vector, and the inner products of all samples are one more
// product, without a transpose. Columns of a block: for [a; ȧ] 1+t groups of its samples, for
// [δ; δ̇] m(1+t).
#pragma once

#include "least_squares/residual_layout.hpp"
#include "linear_algebra/symmetric_matrix.hpp"

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/architecture.hpp>

#include <algorithm>
#include <vector>

namespace jetmlp {

// A matrix of features by samples.
struct Panel {
    Index columns = 0;
    Index stride = 0;
    Buffer<double> numbers;

    void resize(Index rows, Index n_columns) {
        columns = n_columns;
        stride = odd_lines(n_columns);
        numbers.assign(static_cast<std::size_t>(rows * stride), 0.0);
    }
    [[nodiscard]] double* row(Index i) { return numbers.data() + i * stride; }
    [[nodiscard]] const double* row(Index i) const { return numbers.data() + i * stride; }
};

// work(first_block, end_block) for all blocks, a few at a time. No number depends on how many.
template <class Work>
void for_blocks(const ResidualLayout& layout, Execution& execution, const Work& work) {
    constexpr Index positions = 1024;
    const Index size = (positions + layout.block_width() - 1) / layout.block_width();
    const Index n_blocks = layout.n_blocks();
    execution.team.run((n_blocks + size - 1) / size, [&](Index task, int) {
        execution.interrupt.poll();
        work(task * size, std::min(n_blocks, (task + 1) * size));
    });
}

// A forward pass: inputs of every layer with their tangents, and what its slopes are.
class ForwardFactors {
  public:
    ForwardFactors(const Architecture& architecture, const ResidualLayout& layout,
                   const Dataset<double>& data);

    // The inputs of the samples that the layout has now.
    void set_inputs(const Dataset<double>& data);

    // z = W a + b, a⁺ = σ(z);  ż_k = W ȧ_k, ȧ⁺_k = σ'(z) ⊙ ż_k, from ȧ_k = e_k.
    void run(const double* parameters, Execution& execution);

    // Predictions by position.
    void gather(double* predictions) const;

    // [a ȧ; 1 0] of layer l: n_in + 1 rows.
    [[nodiscard]] const Panel& inputs(std::size_t l) const { return inputs_[l]; }
    // σ'(z) where inputs(l + 1) has a, σ''(z) ⊙ ż_k where it has ȧ_k: n_out rows.
    [[nodiscard]] const Panel& slopes(std::size_t l) const { return slopes_[l]; }

  private:
    void activate(std::size_t l, const double* bias, Index first_block, Index end_block);

    std::vector<Layer> layers_;
    const ResidualLayout* layout_;
    std::vector<Panel> inputs_;  // of each layer, and the outputs behind
    std::vector<Panel> slopes_;
};

// The backward pass to it: [δ δ̇] of every layer, n_out rows.
class BackwardFactors {
  public:
    BackwardFactors(const Architecture& architecture, const ResidualLayout& layout);

    // δ_L = σ' e_o, δ̇_L = σ'' ż_k e_o; with g = Wᵀδ of the layer above, δ = σ' ⊙ g and
    // δ̇_k = σ' ⊙ ġ_k + σ'' ⊙ ż_k ⊙ g.
    void run(const double* parameters, const ForwardFactors& forward, Execution& execution);

    [[nodiscard]] const Panel& deltas(std::size_t l) const { return deltas_[l]; }

  private:
    void seed(const ForwardFactors& forward, Index first_block, Index end_block);
    void through_activation(std::size_t l, const Panel& slopes, Index first_block, Index end_block);

    std::vector<Layer> layers_;
    const ResidualLayout* layout_;
    std::vector<Panel> deltas_;
};

}  // namespace jetmlp
