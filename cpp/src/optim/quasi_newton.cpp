#include "linear_algebra/sums.hpp"
#include "linear_algebra/vectors.hpp"
#include "optim/line_search.hpp"

#include <jetmlp/machine/parts.hpp>
#include <jetmlp/optim/quasi_newton.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace jetmlp {

template <class T>
QuasiNewton<T>::QuasiNewton(WolfeConditions conditions, const StoppingOptions& stopping,
                            Index n_parameters)
    : conditions_(conditions), stopping_(stopping) {
    for (std::vector<T>* numbers :
         {&gradient_, &trial_gradient_, &direction_, &candidate_, &step_, &difference_, &last_}) {
        resize_in_parts(*numbers, n_parameters);
    }
}

template <class T>
void QuasiNewton<T>::begin(Objective<T>& /*objective*/, Start start) {
    if (start == Start::anew) {
        finished_ = {};
    }
    evaluated_ = false;
}

template <class T>
void QuasiNewton<T>::visit(StateVisitor& state) {
    state.visit("finished", finished_);
    bool moved = !last_.empty();
    state.visit("moved", moved);
    state.visit("last", last_, moved ? gradient_.size() : 0);
    visit_learned(state);
}

template <class T>
Losses QuasiNewton<T>::run_epoch(Objective<T>& objective, const EpochPlan& /*plan*/,
                                 Iterate<T>& iterate, Execution& execution) {
    execution.interrupt.poll();
    if (!evaluated_) {
        if (!equal_in_parts(iterate.current, last_)) {
            forget();  // what they have taught is of another place
        }
        losses_ = objective.evaluate(iterate.current.data(), objective.all_rows(), gradient_.data(),
                                     execution);
        evaluated_ = true;
    }
    const Losses before = losses_;
    if (!std::isfinite(before.total) || !std::isfinite(norm(gradient_))) {
        throw Diverged();
    }
    if (before.total <= stopping_.target_loss) {
        finished_ = FitEnd::target;
    } else if (largest_magnitude(gradient_) <= stopping_.gradient_tolerance) {
        finished_ = FitEnd::gradient;
    } else {
        step(objective, iterate, execution);
    }
    return before;
}

template <class T>
void QuasiNewton<T>::step(Objective<T>& objective, Iterate<T>& iterate, Execution& execution) {
    // Errors that have shrunk to √ε of the outputs have √ε of rounding in them, and so has the
    // loss.
    const LineSearchOptions search{conditions_.sufficient_decrease, conditions_.curvature,
                                   std::sqrt(double{std::numeric_limits<T>::epsilon()})};
    while (true) {
        find_direction(gradient_, direction_, execution);
        const double slope = inner_product(gradient_, direction_);
        Losses trial;
        const auto evaluate = [&](double length) {
            set_in_parts(candidate_, iterate.current);
            by_parts(
                [by = static_cast<T>(length)](auto to, const auto& along) { to += by * along; },
                candidate_, direction_);
            trial = objective.evaluate(candidate_.data(), objective.all_rows(),
                                       trial_gradient_.data(), execution);
            return LinePoint{length, trial.total, inner_product(trial_gradient_, direction_)};
        };
        // A direction that is −g is of no length in particular.
        const double first_length = knows_curvature() ? 1.0 : std::min(1.0, 1.0 / norm(gradient_));
        LinePoint found;
        if (slope < 0.0) {
            found = search_line({0.0, losses_.total, slope}, first_length, search, evaluate);
        }
        const bool moved = found.length > 0.0 && !equal_in_parts(candidate_, iterate.current);
        if (!moved) {
            if (!knows_curvature()) {
                finished_ = FitEnd::step;
                return;
            }
            forget();  // once more, straight down
            continue;
        }
        const double length = found.length * norm(direction_);
        if (length <= stopping_.step_tolerance * norm(iterate.current)) {
            finished_ = FitEnd::step;
        } else if (losses_.total - trial.total <= stopping_.loss_tolerance * losses_.total &&
                   stopping_.loss_tolerance > 0.0) {
            finished_ = FitEnd::loss;
        }
        const auto subtract = [](auto to, const auto& from, const auto& what) { to = from - what; };
        by_parts(subtract, step_, candidate_, iterate.current);
        by_parts(subtract, difference_, trial_gradient_, gradient_);
        const double product = inner_product(step_, difference_);
        // The strong Wolfe conditions make it positive, rounding may not.
        constexpr double epsilon = std::numeric_limits<T>::epsilon();
        if (product > epsilon * inner_product(difference_, difference_)) {
            learn({step_, difference_, trial_gradient_, product,
                   -found.length * found.length * slope},
                  execution);
        }
        std::swap(gradient_, trial_gradient_);
        losses_ = trial;
        std::swap(iterate.previous, iterate.current);
        set_in_parts(iterate.current, candidate_);
        set_in_parts(last_, candidate_);
        return;
    }
}

template class QuasiNewton<float>;
template class QuasiNewton<double>;

}  // namespace jetmlp
