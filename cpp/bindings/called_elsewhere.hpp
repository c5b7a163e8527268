// Samples whose losses a function of Python's computes.
#pragma once

#include "bindings.hpp"

#include <jetmlp/loss/elsewhere.hpp>
#include <jetmlp/loss/objective.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace jetmlp::bindings {

// What Python raises is kept, and the core sees Interrupted.
template <class T>
class CalledElsewhere final : public Elsewhere<T> {
  public:
    // evaluate(parameters, first, count, order, with_gradient) -> (mean squared errors, gradient or
    // None) of the rows order[first], …, or first, first + 1, … where order is None. next_batch()
    // -> number of samples; not called where n_samples says them all.
    CalledElsewhere(Index n_samples, std::array<bool, n_terms> given, py::function evaluate,
                    py::function next_batch)
        : n_samples_(n_samples),
          given_{given},
          evaluate_(std::move(evaluate)),
          next_batch_(std::move(next_batch)) {}

    [[nodiscard]] Index n_samples() const override { return n_samples_; }
    [[nodiscard]] bool has(Term term) const override { return given_[term]; }

    Index next_batch() override {
        return calling(
            [&] { return call_python(next_batch_, py::tuple()).template cast<Index>(); });
    }

    Terms<double> evaluate(const T* parameters, Rows rows, T* gradient) override {
        return calling([&] {
            py::object order = py::none();
            if (rows.indices != nullptr) {
                order = Array<std::uint32_t>(static_cast<py::ssize_t>(rows.count),
                                             rows.indices + rows.first);
            }
            const Array<T> at(static_cast<py::ssize_t>(n_parameters_), parameters);
            const auto [means, slopes] =
                call_python(evaluate_,
                            py::make_tuple(at, rows.first, rows.count, order, gradient != nullptr))
                    .template cast<std::pair<std::array<double, n_terms>, py::object>>();
            if (gradient != nullptr) {
                const auto numbers = slopes.template cast<Array<T>>();
                expect_length("gradient", numbers.size(), n_parameters_);
                std::copy_n(numbers.data(), numbers.size(), gradient);
            }
            return Terms<double>{means};
        });
    }

    void expect_parameters(Index n_parameters) { n_parameters_ = n_parameters; }

    // Hands over what was raised since the last call, if anything.
    [[nodiscard]] PendingError take_pending() { return std::exchange(pending_, {}); }

  private:
    template <class Call>
    auto calling(const Call& call) {
        const LockTaken lock;
        try {
            return call();
        } catch (const py::error_already_set& error) {
            pending_.keep(error);
            throw Interrupted();
        }
    }

    Index n_samples_;
    Index n_parameters_ = 0;
    Terms<bool> given_;
    py::function evaluate_;
    py::function next_batch_;
    PendingError pending_;
};

// What Python raised in an evaluation of an objective, if its samples are elsewhere. Needs the GIL.
template <class T>
PendingError pending_elsewhere(const Objective<T>* objective) {
    auto* const called =
        objective == nullptr ? nullptr : dynamic_cast<CalledElsewhere<T>*>(objective->elsewhere());
    return called == nullptr ? PendingError() : called->take_pending();
}

}  // namespace jetmlp::bindings
