// Which entries of the data are residuals, how each is scaled, and in which order they stand.
//
// r = √(w ω / Σω) (Ŷ − Y), likewise for the derivatives, so that Σ r² is the loss. Samples stand in
// blocks; within a block come, output by output, what it has *parts* of: the values of its samples,
// their derivatives along each tangent, their second derivatives, the two of a mixed pair apart:
// group o·parts + part of block_samples numbers. A *position* counts all of them, absent ones and
// padding included; a *residual* counts those that are there, and behind them, where there is a
// penalty, √l2 W of every weight.
//
// What a network has to compute is the same without the second of each mixed pair: the *slots* of a
// jet. It stands in *columns*: group o·slots + slot of block_samples numbers.
#pragma once

#include "least_squares/jet_slots.hpp"

#include <jetmlp/loss/dataset.hpp>
#include <jetmlp/loss/losses.hpp>
#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/types.hpp>

#include <cstdint>
#include <vector>

namespace jetmlp {

// How large what is made of residuals gets.
struct ResidualSizes {
    Index errors;
    Index penalties;
    Index positions;
    Index jet_columns;    // of the jets of a layer
    Index delta_columns;  // of its δ, for every output
    Index block_width;
    bool with_pairs;  // second derivatives
};

class ResidualLayout {
  public:
    struct Block {
        Index first_residual = 0;
        std::vector<std::uint32_t> present;  // positions within the block, ascending
        std::vector<std::uint32_t> columns;  // within the block, of what is predicted at each
        bool whole = false;                  // each column is there once, in its order
    };
    // One of what is predicted of an output.
    struct Part {
        Term term;
        Index entry;  // among those of its term for one output
        Index slot;
    };

    // n_penalized: parameters that the penalty takes, 0 without one.
    ResidualLayout(const Dataset<double>& data, const LossWeights& weights, Index n_penalized);
    // For batches of at most so many samples; empty until one is assigned.
    ResidualLayout(const Dataset<double>& data, const LossWeights& weights, Index n_penalized,
                   Index most_samples);

    // How large one for batches of at most so many samples is, all of whose entries are there.
    static ResidualSizes most_sizes(const Dataset<double>& data, const LossWeights& weights,
                                    Index n_penalized, Index most_samples);

    // The samples become these rows, in their order, and the means those over them.
    void assign(const Dataset<double>& data, Rows rows);

    [[nodiscard]] ResidualSizes sizes() const {
        return {n_errors(),  n_penalized_,  n_positions(),          n_blocks() * jet_width(),
                n_columns(), block_width(), !slots_.pairs().empty()};
    }
    [[nodiscard]] Index n_outputs() const { return n_outputs_; }
    [[nodiscard]] const JetSlots& slots() const { return slots_; }
    [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }
    [[nodiscard]] Index n_residuals() const { return static_cast<Index>(entries_.size()); }
    // Those that are errors of the data; the others are the penalty's and stand behind.
    [[nodiscard]] Index n_errors() const { return n_residuals() - n_penalized_; }
    [[nodiscard]] Index block_samples() const { return block_samples_; }
    [[nodiscard]] Index n_blocks() const { return n_blocks_; }
    [[nodiscard]] Index n_groups() const { return n_outputs_ * static_cast<Index>(parts_.size()); }
    [[nodiscard]] Index block_width() const { return n_groups() * block_samples_; }
    [[nodiscard]] Index n_positions() const { return checked_product(n_blocks(), block_width()); }
    // Columns of a block: of its jets, and of those of each output.
    [[nodiscard]] Index jet_width() const { return slots_.size() * block_samples_; }
    [[nodiscard]] Index column_width() const { return n_outputs_ * jet_width(); }
    [[nodiscard]] Index n_columns() const { return checked_product(n_blocks(), column_width()); }
    [[nodiscard]] const Block& block(Index b) const { return blocks_[static_cast<std::size_t>(b)]; }

    // The sample at a place, in the order of the blocks; −1 in the padding.
    [[nodiscard]] Index sample(Index place) const {
        return samples_[static_cast<std::size_t>(place)];
    }
    // By position: scale of the residual, 0 if there is none.
    [[nodiscard]] const double* scales() const { return scales_.data(); }
    // Which entry of the data a residual is: of Y (n, m), then of the derivatives (n, m, t) along
    // t tangents, then of d2YdX2 (n, m, d, d), counted through what is given; −1 of the penalty.
    [[nodiscard]] const std::vector<Index>& entries() const { return entries_; }

    // Of which kind each error is: the values of an output, or one of its derivatives.
    [[nodiscard]] const std::vector<Index>& kinds() const { return kinds_; }
    [[nodiscard]] Index n_kinds() const { return n_groups(); }
    // What sort a kind is of: those of a term of an output are one.
    [[nodiscard]] Index sort_of_kind(Index kind) const {
        const auto n_parts = static_cast<Index>(parts_.size());
        const Term term = parts_[static_cast<std::size_t>(kind % n_parts)].term;
        return static_cast<Index>(n_terms) * (kind / n_parts) + static_cast<Index>(term);
    }
    // The sample, the scale and the target of each error.
    [[nodiscard]] const std::vector<Index>& sample_of_error() const { return sample_of_error_; }
    [[nodiscard]] std::vector<double> error_scales() const { return by_error(scales_); }
    [[nodiscard]] std::vector<double> error_targets() const { return by_error(targets_); }

    // The errors (n_errors) from predictions by position; returns the losses without the penalty.
    Losses residuals(const double* predictions, double* residuals) const;

  private:
    ResidualLayout(const LossWeights& weights, Index n_penalized, const Dataset<double>& data,
                   Index most_samples);
    void set_parts(const Dataset<double>& data);
    void order_samples(const Dataset<double>& data);
    void set_entries(const Dataset<double>& data, Rows rows);
    [[nodiscard]] std::vector<double> by_error(const Buffer<double>& by_position) const;

    Index n_samples_;
    Index n_outputs_;
    Index n_penalized_;
    LossWeights weights_;
    JetSlots slots_;
    std::vector<Part> parts_;
    Terms<double> total_weights_;  // Σω
    Index block_samples_ = 0;
    Index n_blocks_ = 0;
    std::vector<Index> samples_;
    std::vector<Block> blocks_;
    Buffer<double> targets_;
    Buffer<double> weight_of_;  // ω by position
    Buffer<double> scales_;
    std::vector<Index> entries_;
    std::vector<Index> kinds_;
    std::vector<Index> sample_of_error_;
};

}  // namespace jetmlp
