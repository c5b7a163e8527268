// Ending a fit once the validation loss no longer improves, and going back to where it was lowest.
#pragma once

#include <jetmlp/machine/parts.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/optim/state.hpp>

#include <cstddef>
#include <limits>
#include <vector>

namespace jetmlp {

struct EarlyStopping {
    Index patience = 0;         // epochs in a row without a lower loss that end a fit; 0: never
    double min_delta = 0.0;     // a loss is lower, for that, only by more than this
    bool restore_best = false;  // whether the fit gives back the parameters of the lowest loss

    [[nodiscard]] bool watches() const { return patience > 0 || restore_best; }
};

// Follows the validation loss of one fit.
template <class T>
class BestEpoch {
  public:
    explicit BestEpoch(EarlyStopping rule) : rule_(rule) {}

    // The rule comes with each call of a fit, and is no part of its state.
    void set_rule(EarlyStopping rule, std::size_t n_parameters) {
        rule_ = rule;
        if (rule_.restore_best) {  // at once: an epoch that was done must not fail here
            parameters_.reserve(n_parameters);
        }
    }

    // Takes note of an epoch. Copies the parameters only if they are the best so far and to be
    // restored.
    void after_epoch(double validation_loss, const std::vector<T>& parameters) {
        if (validation_loss < lowest_) {
            lowest_ = validation_loss;
            if (rule_.restore_best) {
                set_in_parts(parameters_, parameters);
            }
        }
        if (validation_loss < to_beat_ - rule_.min_delta) {
            to_beat_ = validation_loss;
            epochs_in_vain_ = 0;
        } else {
            ++epochs_in_vain_;
        }
    }

    [[nodiscard]] bool out_of_patience() const {
        return rule_.patience > 0 && epochs_in_vain_ >= rule_.patience;
    }

    // Of the lowest loss; empty where nothing is to be restored.
    [[nodiscard]] std::vector<T>& parameters() { return parameters_; }

    void visit(StateVisitor& state) {
        state.visit("lowest", lowest_, Numbers::not_nan);
        state.visit("to_beat", to_beat_, Numbers::not_nan);
        state.visit("epochs_in_vain", epochs_in_vain_);
        bool kept = !parameters_.empty();
        state.visit("kept", kept);
        state.visit("parameters", parameters_, kept ? state.n_parameters() : 0);
    }

  private:
    EarlyStopping rule_;
    double lowest_ = std::numeric_limits<double>::infinity();
    // The last loss that was lower by more than min_delta.
    double to_beat_ = std::numeric_limits<double>::infinity();
    Index epochs_in_vain_ = 0;
    std::vector<T> parameters_;
};

}  // namespace jetmlp
