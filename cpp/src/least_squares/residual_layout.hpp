// Which entries of the data are residuals, how each is scaled, and in which order they stand.
//
// r = √(w ω / Σω) (Ŷ − Y), likewise for the derivatives, so that Σ r² is the loss. Samples stand in
// blocks; within a block come, output by output, the values of its samples, then their derivatives
// along each input: group o·(1+t) + k of block_samples numbers, with k = 0 the value, t the number
// of tangents. A *position* counts all of them, absent ones and padding included; a *residual*
// counts those that are there.
#pragma once

#include <jetmlp/loss/dataset.hpp>
#include <jetmlp/loss/losses.hpp>
#include <jetmlp/machine/types.hpp>

#include <cstdint>
#include <vector>

namespace jetmlp {

class ResidualLayout {
  public:
    struct Block {
        Index first_residual = 0;
        std::vector<std::uint32_t> present;  // positions within the block, ascending
    };

    ResidualLayout(const Dataset<double>& data, const LossWeights& weights);
    // For batches of at most so many samples; empty until one is assigned.
    ResidualLayout(const Dataset<double>& data, const LossWeights& weights, Index most_samples);

    // The samples become these rows, in their order, and the means those over them.
    void assign(const Dataset<double>& data, Rows rows);

    [[nodiscard]] Index n_outputs() const { return n_outputs_; }
    [[nodiscard]] Index n_tangents() const { return n_tangents_; }
    [[nodiscard]] Index n_residuals() const { return static_cast<Index>(entries_.size()); }
    [[nodiscard]] Index block_samples() const { return block_samples_; }
    [[nodiscard]] Index n_blocks() const { return static_cast<Index>(blocks_.size()); }
    [[nodiscard]] Index n_groups() const { return n_outputs_ * (1 + n_tangents_); }
    [[nodiscard]] Index block_width() const { return n_groups() * block_samples_; }
    [[nodiscard]] Index n_positions() const { return n_blocks() * block_width(); }
    [[nodiscard]] const Block& block(Index b) const { return blocks_[static_cast<std::size_t>(b)]; }

    // The sample at a place, in the order of the blocks; −1 in the padding.
    [[nodiscard]] Index sample(Index place) const {
        return samples_[static_cast<std::size_t>(place)];
    }
    // By position: scale of the residual, 0 if there is none.
    [[nodiscard]] const double* scales() const { return scales_.data(); }
    // Which entry of the data a residual is: of Y (n, m), then of dYdX (n, m, d), counted through.
    [[nodiscard]] const std::vector<Index>& entries() const { return entries_; }

    // residuals (n_residuals) from predictions by position; returns the losses.
    Losses residuals(const double* predictions, double* residuals) const;

  private:
    void order_samples(const Dataset<double>& data);
    void set_entries(const Dataset<double>& data, Rows rows);

    Index n_samples_;
    Index n_outputs_;
    Index n_tangents_;
    LossWeights weights_;
    bool has_values_;
    Terms<double> total_weights_;  // Σω
    Index block_samples_ = 0;
    std::vector<Index> samples_;
    std::vector<Block> blocks_;
    Buffer<double> targets_;
    Buffer<double> weight_of_;  // ω by position
    Buffer<double> scales_;
    std::vector<Index> entries_;
};

}  // namespace jetmlp
