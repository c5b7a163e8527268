// What the Jacobian of the residuals by the parameters is made of, layer by layer.
//
// With a layer's input a and δ_o = ∂y_o/∂z, the row of the Jacobian for output o is δ_o ⊗ [a; 1].
// Both are jets: ȧ_k and δ̇_ok are their derivatives along tangent k, ä_kl and δ̈_okl those along k
// and l. The row for a derivative of the output is that of the product (see JetSlots), so
//   ∂_k y_o      δ̇_ok ⊗ [a; 1] + δ_o ⊗ [ȧ_k; 0]
//   ∂_k ∂_l y_o  δ̈_okl ⊗ [a; 1] + δ̇_ok ⊗ [ȧ_l; 0] + δ̇_ol ⊗ [ȧ_k; 0] + δ_o ⊗ [ä_kl; 0]
//
// Here features are rows and samples columns, block by block as in ResidualLayout: so each product
// reads W where it lies in the flat vector, and the inner products of all samples are one more
// product, without a transpose. Columns of a block: for the jet of a those of its slots, for those
// of δ m times as many.
#pragma once

#include "least_squares/residual_layout.hpp"
#include "linear_algebra/symmetric_matrix.hpp"

#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/parts.hpp>
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
        zero_in_parts(numbers, checked_product(rows, stride));
    }
    [[nodiscard]] double* row(Index i) { return numbers.data() + i * stride; }
    [[nodiscard]] const double* row(Index i) const { return numbers.data() + i * stride; }
};

// work(first_block, end_block) for all blocks, a few at a time. No number depends on how many.
template <class Work>
void for_blocks(const ResidualLayout& layout, Execution& execution, const Work& work) {
    constexpr Index columns = 1024;
    const Index size = (columns + layout.column_width() - 1) / layout.column_width();
    const Index n_blocks = layout.n_blocks();
    execution.team.run((n_blocks + size - 1) / size, [&](Index task, int) {
        execution.interrupt.poll();
        work(task * size, std::min(n_blocks, (task + 1) * size));
    });
}

// A forward pass: the jets of the inputs of every layer, and of its slopes.
class ForwardFactors {
  public:
    ForwardFactors(const Architecture& architecture, const ResidualLayout& layout,
                   const Dataset<double>& data);

    // The inputs of the samples that the layout has now.
    void set_inputs(const Dataset<double>& data);

    // z = W a + b, a⁺ = σ(z);  ż_k = W ȧ_k, ȧ⁺_k = σ' ⊙ ż_k, from ȧ_k = e_k or the direction v_k;
    // z̈_kl = W ä_kl, ä⁺_kl = σ' ⊙ z̈_kl + σ'' ⊙ ż_k ⊙ ż_l, from ä_kl = 0.
    void run(const double* parameters, Execution& execution);

    // Predictions by position.
    void gather(double* predictions) const;

    // [a ȧ ä; 1 0 0] of layer l: n_in + 1 rows.
    [[nodiscard]] const Panel& inputs(std::size_t l) const { return inputs_[l]; }
    // The jet of σ'(z): σ' where inputs(l + 1) has a, σ'' ⊙ ż_k where it has ȧ_k,
    // σ'' ⊙ z̈_kl + σ''' ⊙ ż_k ⊙ ż_l where it has ä_kl: n_out rows.
    [[nodiscard]] const Panel& slopes(std::size_t l) const { return slopes_[l]; }

  private:
    void activate(std::size_t l, const double* bias, Index first_block, Index end_block);
    template <class Sigma, bool with_pairs>
    void activate_by(std::size_t l, const double* bias, Index first_block, Index end_block);

    std::vector<Layer> layers_;
    const ResidualLayout* layout_;
    std::vector<Panel> inputs_;  // of each layer, and the outputs behind
    std::vector<Panel> slopes_;
};

// The backward pass to it: [δ δ̇ δ̈] of every layer, n_out rows.
class BackwardFactors {
  public:
    BackwardFactors(const Architecture& architecture, const ResidualLayout& layout);

    // With s = σ'(z) and its derivatives, δ_L = s e_o; with g = Wᵀδ of the layer above, δ = s ⊙ g
    // by the rule of products, δ̇_k = s ⊙ ġ_k + ṡ_k ⊙ g and so on.
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
