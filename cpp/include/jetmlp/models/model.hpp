// A model that Python saved, to predict with.
#pragma once

#include <jetmlp/files/model_file_error.hpp>
#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace jetmlp {

// Values (n, m) and derivatives (n, m, d) of n inputs, row by row: the derivative of output o of
// sample i along input k is jacobian[(i·m + o)·d + k].
struct Prediction {
    std::vector<double> values;
    std::vector<double> jacobian;
};

// An MLP, a StagedMLP or the mean of a Surrogate: y = ȳ + Σ f ⊙ N((x − x̄)/s), all in the units of
// the data. A model does not change, so that threads may share it.
class Model {
  public:
    // What it is made of; `load_model` makes it.
    struct Parts;
    explicit Model(Parts parts);
    Model(Model&& other) noexcept;
    Model& operator=(Model&& other) noexcept;
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;
    ~Model();

    [[nodiscard]] Index n_inputs() const;   // d
    [[nodiscard]] Index n_outputs() const;  // m

    // Inputs (n, d) row by row. Throws std::invalid_argument if there are not d to each row.
    [[nodiscard]] Prediction predict(std::span<const double> inputs, int n_threads = 1) const;

    // The same into arrays that are there, (n, m) and (n, m, d); either may be null and is then not
    // computed.
    void predict(Index n_samples, const double* inputs, double* values, double* jacobian,
                 Execution& execution) const;

  private:
    std::unique_ptr<const Parts> parts_;
};

// Reads a file that `save` of an MLP, a StagedMLP or a Surrogate wrote. Throws
// std::filesystem::filesystem_error if it cannot be read, and ModelFileError, whose message names
// the field, if it is no such file or is damaged. Of a Surrogate what the mean does not need is
// not looked at, but for the hash.
Model load_model(const std::filesystem::path& path);

}  // namespace jetmlp
