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

// Throws std::invalid_argument if the loss is more than squared errors of values and derivatives
// along the inputs.
ResidualLayout layout_of(const Objective<double>& objective);

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

    // The squares become those of the batch's own loss. Nothing is allocated.
    void take(const Dataset<double>& data, Rows batch);

    // Residuals (n_residuals) in the order of the layout, and the losses.
    Losses evaluate(const double* parameters, double* residuals, Execution& execution);

    // The parameters last evaluated become those where the functions below are taken.
    void linearize(const double* parameters, Execution& execution);

    // J Jᵀ (n_residuals²) from inner products of the layers' factors, the upper triangle.
    void gram(SymmetricMatrix& result, Execution& execution);
    // Jᵀ J (n_parameters²), from J by blocks.
    void normal_matrix(SymmetricMatrix& result, Execution& execution);
    // result (n_parameters) = Jᵀ weights (n_residuals).
    void pull_back(const double* weights, double* result, Execution& execution);
    // J (n_residuals, n_parameters).
    void jacobian(double* result, Execution& execution);

    // Floating-point operations of a step by J Jᵀ and by Jᵀ J.
    [[nodiscard]] double dual_cost() const;
    [[nodiscard]] double primal_cost() const;

  private:
    LeastSquares(const Objective<double>& objective, ResidualLayout layout);

    struct Tile {  // of a thread
        Panel inputs;
        Panel deltas;
        Panel sum;
    };

    void gram_tile(Index row_block, Index column_block, Tile& tile, SymmetricMatrix& result) const;
    void add_layer(Tile& tile) const;
    void scatter(Index row_block, Index column_block, const Panel& tile,
                 SymmetricMatrix& result) const;
    void jacobian_block(Index block);

    Architecture architecture_;
    ResidualLayout layout_;
    ForwardFactors trial_;
    ForwardFactors forward_;
    BackwardFactors backward_;
    Buffer<double> predictions_;
    std::vector<Tile> tiles_;
    Buffer<double> weights_;         // by position
    std::vector<Panel> transposed_;  // inputs of each layer, samples by features
    Panel seeds_;                    // what stands at the columns of inputs in a pull-back
    Panel layer_gradient_;
    Panel jacobian_transposed_;  // of one block: parameters by positions
    Panel jacobian_rows_;        // positions by parameters
};

}  // namespace jetmlp
