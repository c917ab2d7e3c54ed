"""Linear algebra: span, linear maps, dot products, determinants, eigenvectors, SVD and PCA."""
