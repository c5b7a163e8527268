// Ending a fit once the validation loss no longer improves, and going back to where it was lowest.
#pragma once

#include <jetmlp/machine/types.hpp>

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
    BestEpoch(EarlyStopping rule, std::size_t n_parameters) : rule_(rule) {
        if (rule_.restore_best) {  // at once: an epoch that was done must not fail here
            parameters_.reserve(n_parameters);
        }
    }

    // Takes note of an epoch; true once patience has run out. Copies the parameters only if they
    // are the best so far and to be restored.
    bool after_epoch(double validation_loss, const std::vector<T>& parameters) {
        if (validation_loss < lowest_) {
            lowest_ = validation_loss;
            if (rule_.restore_best) {
                parameters_ = parameters;
            }
        }
        if (validation_loss < to_beat_ - rule_.min_delta) {
            to_beat_ = validation_loss;
            epochs_in_vain_ = 0;
        } else {
            ++epochs_in_vain_;
        }
        return rule_.patience > 0 && epochs_in_vain_ >= rule_.patience;
    }

    // Of the lowest loss; empty where nothing is to be restored.
    [[nodiscard]] std::vector<T>& parameters() { return parameters_; }

  private:
    EarlyStopping rule_;
    double lowest_ = std::numeric_limits<double>::infinity();
    // The last loss that was lower by more than min_delta.
    double to_beat_ = std::numeric_limits<double>::infinity();
    Index epochs_in_vain_ = 0;
    std::vector<T> parameters_;
};

}  // namespace jetmlp
