// What quasi-Newton methods share: an epoch is one step to the strong Wolfe conditions, on all
// samples, along a direction that the steps before have taught.
#pragma once

#include <jetmlp/optim/optimizer.hpp>
#include <jetmlp/optim/stopping.hpp>

#include <optional>
#include <vector>

namespace jetmlp {

// Of each step length α: φ(α) ≤ φ(0) + c₁ α φ'(0) and |φ'(α)| ≤ c₂ |φ'(0)|.
struct WolfeConditions {
    double sufficient_decrease = 1e-4;  // c₁
    double curvature = 0.9;             // c₂, above c₁ and below 1
};

template <class T>
class QuasiNewton : public Optimizer<T> {
  public:
    void begin(Objective<T>& objective, Start start) override;
    [[nodiscard]] std::optional<FitEnd> finished() const override { return finished_; }
    Losses run_epoch(Objective<T>& objective, const EpochPlan& plan, Iterate<T>& iterate,
                     Execution& execution) override;
    void visit(StateVisitor& state) override;

  protected:
    QuasiNewton(WolfeConditions conditions, const StoppingOptions& stopping, Index n_parameters);

    struct Step {
        const std::vector<T>& step;        // s = αp
        const std::vector<T>& difference;  // y, of the gradients
        const std::vector<T>& gradient;    // after the step
        double inner_product;              // sᵀy
        double curvature_expected;         // sᵀH⁻¹s = −α sᵀg, of the gradient before
    };

  private:
    // Whether steps have taught anything; the direction is −g until then.
    [[nodiscard]] virtual bool knows_curvature() const = 0;
    virtual void forget() = 0;
    // direction = −H g
    virtual void find_direction(const std::vector<T>& gradient, std::vector<T>& direction,
                                Execution& execution) = 0;
    // Only of steps with sᵀy > 0, beyond rounding.
    virtual void learn(const Step& step, Execution& execution) = 0;
    // What the steps have taught.
    virtual void visit_learned(StateVisitor& state) = 0;

    void step(Objective<T>& objective, Iterate<T>& iterate, Execution& execution);

    WolfeConditions conditions_;
    StoppingOptions stopping_;
    std::optional<FitEnd> finished_;
    bool evaluated_ = false;  // losses_ and gradient_ are those of the iterate
    Losses losses_;
    std::vector<T> gradient_;
    std::vector<T> trial_gradient_;
    std::vector<T> direction_;
    std::vector<T> candidate_;
    std::vector<T> step_;
    std::vector<T> difference_;
    std::vector<T> last_;  // parameters that the steps led to
};

extern template class QuasiNewton<float>;
extern template class QuasiNewton<double>;

}  // namespace jetmlp
