// The precisions of a regularised sum of squares: α of each group of parameters, β of each kind of
// data, and how they are found from what the data determine.
#pragma once

#include "least_squares/parameter_groups.hpp"
#include "least_squares/residual_layout.hpp"

#include <jetmlp/machine/types.hpp>

#include <vector>

namespace jetmlp {

class Precisions {
  public:
    // All α begin with `prior`; β with `noise` over the mean square of the targets, the values of
    // an output and all its derivatives together.
    Precisions(const ResidualLayout& layout, const Architecture& architecture, bool by_input,
               double prior, double noise);

    // α by group and β by kind; a kind without residuals has one that means nothing.
    [[nodiscard]] const std::vector<double>& alphas() const { return alphas_; }
    [[nodiscard]] const std::vector<double>& betas() const { return betas_; }
    // Throws std::invalid_argument unless there are as many, all above 0.
    void set(std::vector<double> alphas, std::vector<double> betas);

    // √β by residual and 1/√α by parameter.
    [[nodiscard]] const Buffer<double>& row_scales() const { return row_scales_; }
    [[nodiscard]] const Buffer<double>& column_scales() const { return column_scales_; }

    // Lowers each β with which a row of √β J /√α would be lost in rounding. J (n_residuals,
    // n_parameters).
    void bound(const double* jacobian);

    // γ_g = Σ_{p in g} (1 − α_g (H⁻¹)_pp),        α_g ← γ_g / ‖θ_g‖²
    // γ_k = Σ_{i in k} (1 − (M⁻¹)_ii / β_k),      β_k ← (N_k − γ_k) / ‖r_k‖²
    // from the summands of γ_g and γ_k (MacKay 1992).
    void update(const Buffer<double>& of_parameters, const Buffer<double>& of_residuals,
                const std::vector<double>& parameters, const Buffer<double>& residuals);

    // Sums over the parameters of each group, and over the residuals of each kind.
    [[nodiscard]] std::vector<double> by_group(const Buffer<double>& of_parameters) const;
    [[nodiscard]] std::vector<double> by_kind(const Buffer<double>& of_residuals) const;

    // Σ_k N_k max(0, log σ_k − log(share · s_k)) of the deviations σ_k = 1/√β_k of noise, s_k the
    // size of the sort: by how much, in logarithms, the noise of all residuals is beyond a share.
    [[nodiscard]] double noise_beyond(double share, const std::vector<double>& betas) const;

    // Σ_k N_k log β_k
    [[nodiscard]] double log_noise() const;

  private:
    [[nodiscard]] bool same_sort(std::size_t one, std::size_t other) const;
    void bound_inert();
    void set_scales();

    Grouping groups_;
    std::vector<Index> kind_of_;
    std::vector<Index> sort_of_;  // of each kind: values of an output, or its derivatives
    std::vector<double> alphas_;
    std::vector<double> betas_;
    std::vector<double> kind_sizes_;
    std::vector<double> sort_squares_;  // of each kind: mean square of the targets of its sort
    std::vector<double> least_variances_;
    std::vector<bool> inert_;
    Buffer<double> row_scales_;
    Buffer<double> column_scales_;
};

}  // namespace jetmlp
