// Self-scaled quasi-Newton methods of Broyden's class, with the whole inverse Hessian: Urbán,
// Stefanou and Pons, "Unveiling the optimization process of physics informed neural networks"
// (J. Comput. Phys. 523, 2025, arXiv:2405.04230), formulas 11 and 13 to 23; the choice of scale and
// update is that of Al-Baali and Khalfan (1999, 2005).
#pragma once

#include <jetmlp/optim/optimizer.hpp>
#include <jetmlp/optim/quasi_newton.hpp>
#include <jetmlp/optim/stopping.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace jetmlp {

enum class BroydenUpdate : std::uint8_t { broyden, bfgs };
inline constexpr std::array<std::string_view, 2> broyden_update_names{"broyden", "bfgs"};
// Throws std::invalid_argument for any other name.
BroydenUpdate broyden_update_from_name(std::string_view name);

class SelfScaledBroydenOptions final : public OptimizerOptions {
  public:
    // The matrix of so many parameters takes 128 megabytes.
    static constexpr Index most_parameters = 4000;

    BroydenUpdate update = BroydenUpdate::broyden;
    WolfeConditions conditions;
    StoppingOptions stopping;

    [[nodiscard]] double state_numbers(Index n_parameters) const override {
        return 7.0 * static_cast<double>(n_parameters);
    }
    std::vector<Setting> settings() override;

  private:
    [[nodiscard]] std::unique_ptr<Optimizer<float>> make_single(Index n_parameters) const override;
    [[nodiscard]] std::unique_ptr<Optimizer<double>> make_double(Index n_parameters) const override;
};

class SelfScaledBroyden final : public QuasiNewton<double> {
  public:
    SelfScaledBroyden(const SelfScaledBroydenOptions& options, Index n_parameters);
    ~SelfScaledBroyden() override;

    [[nodiscard]] double workspace_bytes(const Objective<double>& objective,
                                         Index batch_size) const override;

  private:
    struct Workspace;

    [[nodiscard]] bool knows_curvature() const override;
    void forget() override;
    void find_direction(const std::vector<double>& gradient, std::vector<double>& direction,
                        Execution& execution) override;
    void learn(const Step& step, Execution& execution) override;
    void visit_learned(StateVisitor& state) override;

    BroydenUpdate update_;
    std::unique_ptr<Workspace> workspace_;
};

}  // namespace jetmlp
