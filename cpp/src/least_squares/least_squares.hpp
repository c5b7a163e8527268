// The loss as a sum of squares r(θ)ᵀr(θ), and what a Gauss–Newton step needs of J = ∂r/∂θ, which is
// never formed as a whole.
#pragma once

#include "least_squares/layer_factors.hpp"
#include "least_squares/residual_layout.hpp"
#include "linear_algebra/symmetric_matrix.hpp"

#include <jetmlp/loss/objective.hpp>
#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>

#include <vector>

namespace jetmlp {

ResidualLayout layout_of(const Objective<double>& objective);
ResidualSizes sizes_of(const Objective<double>& objective);

// All that the loss can hold: values, derivatives along the inputs or along directions, second
// derivatives, and the l2 penalty, whose residuals are √l2 W.
class LeastSquares {
  public:
    explicit LeastSquares(const Objective<double>& objective);
    // For batches of at most so many samples: take() one before anything else.
    LeastSquares(const Objective<double>& objective, Index most_samples);
    LeastSquares(const LeastSquares&) = delete;
    LeastSquares& operator=(const LeastSquares&) = delete;

    [[nodiscard]] const ResidualLayout& layout() const { return layout_; }
    [[nodiscard]] Index n_residuals() const { return layout_.n_residuals(); }
    [[nodiscard]] Index n_parameters() const { return architecture_.n_parameters(); }
    [[nodiscard]] double l2() const { return l2_; }
    // By parameter: l2 where the penalty takes it, else 0.
    [[nodiscard]] const Buffer<double>& penalties() const { return penalties_; }

    // The squares become those of the batch's own loss. Nothing is allocated.
    void take(const Dataset<double>& data, Rows batch);

    // Residuals (n_residuals) in the order of the layout, and the losses.
    Losses evaluate(const double* parameters, double* residuals, Execution& execution);

    // The parameters last evaluated become those where the functions below are taken.
    void linearize(const double* parameters, Execution& execution);

    // J Jᵀ (n_residuals²) from inner products of the layers' factors, the upper triangle.
    void gram(SymmetricMatrix& result, Execution& execution);
    // The same of the errors alone (n_errors²), by the weights and by the biases: their sum is J
    // Jᵀ.
    void split_gram(SymmetricMatrix& by_weights, SymmetricMatrix& by_biases, Execution& execution);
    // Jᵀ J (n_parameters²), from J by blocks.
    void normal_matrix(SymmetricMatrix& result, Execution& execution);
    // result (n_parameters) = Jᵀ weights (n_residuals).
    void pull_back(const double* weights, double* result, Execution& execution);
    // result (n_residuals) = J direction (n_parameters).
    void push_forward(const double* direction, double* result, Execution& execution);
    // J (n_residuals, n_parameters).
    void jacobian(double* result, Execution& execution);

    [[nodiscard]] const Architecture& architecture() const { return architecture_; }

    // Floating-point operations of a step by J Jᵀ and by Jᵀ J.
    [[nodiscard]] static double dual_cost(const Architecture& architecture,
                                          const ResidualSizes& sizes);
    [[nodiscard]] static double primal_cost(const Architecture& architecture,
                                            const ResidualSizes& sizes);
    // About how many bytes one holds, apart from the matrices that it is asked for.
    [[nodiscard]] static double bytes(const Architecture& architecture, const ResidualSizes& sizes);

  private:
    LeastSquares(const Objective<double>& objective, ResidualLayout layout);

    struct Tile {  // of a thread
        Panel inputs;
        Panel deltas;
        Panel sum;
        Panel by_biases;
    };

    // by_biases may be null: then all goes to `result`.
    void gram_of_errors(SymmetricMatrix& result, SymmetricMatrix* by_biases, Execution& execution);
    void gram_tile(Index row_block, Index column_block, Tile& tile, bool biases_apart) const;
    void add_layer(Tile& tile) const;
    template <int n_rows>
    void add_group(Index output, Index slot, Tile& tile) const;
    void scatter(Index row_block, Index column_block, const Panel& tile,
                 SymmetricMatrix& result) const;
    void jacobian_block(Index block);

    Architecture architecture_;
    double l2_;
    Buffer<double> penalties_;
    ResidualLayout layout_;
    ForwardFactors trial_;
    ForwardFactors forward_;
    BackwardFactors backward_;
    Buffer<double> predictions_;
    std::vector<Tile> tiles_;
    Buffer<double> of_columns_;      // weights or results by column
    std::vector<Panel> transposed_;  // inputs of each layer, samples by features
    Panel seeds_;                    // what stands at the columns of inputs in a product by J
    Panel layer_gradient_;
    Panel jacobian_transposed_;  // of one block: parameters by positions
    Panel jacobian_rows_;        // positions by parameters
};

}  // namespace jetmlp
