// Regularisation by evidence: Levenberg–Marquardt on Σ_k β_k ‖r_k‖² + Σ_g α_g ‖θ_g‖², with the
// precisions β_k of each kind of data (the values of an output, its derivatives along an input) and
// α_g of each group of parameters found from the data: MacKay ("Bayesian interpolation", 1992),
// Foresee and Hagan ("Gauss-Newton approximation to Bayesian learning", 1997).
#pragma once

#include <jetmlp/optim/optimizer.hpp>
#include <jetmlp/optim/stopping.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace jetmlp {

class Precisions;

class EvidenceOptions final : public OptimizerOptions {
  public:
    double prior_precision = 1e-2;  // α of every group at the start
    double noise_precision = 1.0;   // β at the start, in units of the data's mean square
    Index first_update = 5;         // steps before α and β are first found anew
    Index update_interval = 1;      // steps from there to the next time, and so on
    bool by_input = true;           // see parameter_groups
    bool geodesic_acceleration = true;
    double evidence_tolerance = 0.1;  // ends where the log evidence has come to rest within this
    StoppingOptions stopping;

    std::vector<Setting> settings() override;

  private:
    [[nodiscard]] std::unique_ptr<Optimizer<float>> make_single(Index n_parameters) const override;
    [[nodiscard]] std::unique_ptr<Optimizer<double>> make_double(Index n_parameters) const override;
};

// What the evidence says where a fit stands. Numbers by residual are in the units of the targets.
struct EvidenceReport {
    std::vector<double> parameters;
    double log_evidence = 0.0;
    double effective_parameters = 0.0;
    std::vector<double> prior_precisions;    // α by group
    std::vector<double> effective_by_group;  // γ_g
    std::vector<double> noise_precisions;    // β by kind, of residuals as the loss scales them
    std::vector<double> effective_by_kind;   // γ_k: how many of its data the parameters take up
    // Which entry of the data each residual is: of Y (n, m), then of the derivatives; and its kind.
    std::vector<Index> entries;
    std::vector<Index> kinds;
    std::vector<double> noise_variances;
    // The error of each, had its whole sample been left out, and the variance that the posterior
    // expects of it, noise included.
    std::vector<double> leave_one_out;
    std::vector<double> leave_one_out_variances;
    std::vector<double> covariance_factor;  // C (P²) with C Cᵀ = H⁻¹, row-major; if asked for
};

// One epoch is one accepted step, on all samples, with α and β found anew before it.
class Evidence final : public Optimizer<double> {
  public:
    explicit Evidence(EvidenceOptions options);
    ~Evidence() override;

    void check(const Objective<double>& objective) const override;
    [[nodiscard]] double workspace_bytes(const Objective<double>& objective,
                                         Index batch_size) const override;
    // With the data of the fit before it goes on from there; with others it begins anew.
    void begin(Objective<double>& objective, Start start) override;
    [[nodiscard]] std::optional<FitEnd> finished() const override { return finished_; }
    Losses run_epoch(Objective<double>& objective, const EpochPlan& plan, Iterate<double>& iterate,
                     Execution& execution) override;
    void visit(StateVisitor& state) override;

    // After begin(): α by group and β by kind, as of a report.
    void set_precisions(std::vector<double> alphas, std::vector<double> betas);
    [[nodiscard]] const std::vector<double>& prior_precisions() const;
    [[nodiscard]] const std::vector<double>& noise_precisions() const;
    // The highest log evidence so far; −∞ before it was first found.
    [[nodiscard]] double log_evidence() const;
    // There: Precisions::noise_beyond; 0 before.
    [[nodiscard]] double noise_beyond(double share) const;
    // Where the evidence was highest; without parameters before it was first found.
    EvidenceReport report(bool with_covariance, Execution& execution);
    // At any parameters, of the objective of the last begin(), with the α and β that belong there
    // or else those that are next.
    EvidenceReport report_at(const std::vector<double>& parameters, bool with_covariance,
                             Execution& execution);
    [[nodiscard]] bool begun() const { return workspace_ != nullptr; }

  private:
    struct Workspace;
    struct Saved;

    // Takes over what a fit to the same data came to.
    void go_on(Workspace& next, Start start) const;

    // Tries steps until one is accepted; false if none is, or none is worth it.
    bool step(Iterate<double>& iterate, Execution& execution);
    // α and β anew, from what the data determine here; none if rounding does not let it.
    std::optional<Precisions> update(const std::vector<double>& parameters, Execution& execution);

    EvidenceOptions options_;
    std::optional<FitEnd> finished_;
    std::unique_ptr<Workspace> workspace_;
    std::unique_ptr<Saved> saved_;  // what was restored and is not begun yet
};

}  // namespace jetmlp
