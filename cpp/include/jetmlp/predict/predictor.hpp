// A network made ready to be asked for a few samples at a time, as an optimizer's inner loop does.
#pragma once

#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/architecture.hpp>

#include <memory>
#include <vector>

namespace jetmlp {

// What stands between the units of the data and those of the network: inputs (x − x_mean) /
// x_scale, values y_mean + y_scale y, slopes times y_scale / x_scale. All empty where nothing does.
struct Units {
    std::vector<double> x_mean;
    std::vector<double> x_scale;
    std::vector<double> y_mean;
    std::vector<double> y_scale;
};

// Parameters are packed and workspaces made once, not at each call. What comes out has the bytes of
// predict() with its inputs standardised and its results undone in float64, one operation after the
// other. Not for two threads at once.
template <class T>
class Predictor {
  public:
    Predictor(const Architecture& architecture, const T* parameters, Units units);
    ~Predictor();
    Predictor(Predictor&&) noexcept;
    Predictor(const Predictor&) = delete;
    Predictor& operator=(const Predictor&) = delete;

    [[nodiscard]] Index n_inputs() const { return n_inputs_; }
    [[nodiscard]] Index n_outputs() const { return n_outputs_; }
    // Whether there are units: results are then of float64, else of the network's type.
    [[nodiscard]] bool has_units() const { return !units_.x_mean.empty(); }

    // inputs (n, d) → values (n, m) and, if not null, jacobian (n, m, d). Number is double with
    // units, and T without.
    template <class Number>
    void predict(Index n_samples, const double* inputs, Number* values, Number* jacobian);

  private:
    struct Network;

    Index n_inputs_;
    Index n_outputs_;
    Units units_;
    std::vector<double> slope_units_;  // y_scale / x_scale, (m, d)
    std::unique_ptr<Network> network_;
};

extern template class Predictor<float>;
extern template class Predictor<double>;

}  // namespace jetmlp
