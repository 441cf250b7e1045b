# SPDX-License-Identifier: GPL-3.0-or-later
# Prints the cases that tests/unit/statistics_reference.c compares our statistics with, as R computes them:
#   Rscript tests/reference/statistics.R >tests/unit/data/statistics/reference.txt
# A case is one line: its kind, then names and numbers; a list is its length and its members.
RNGversion("4.0.0")
set.seed(20261122)
numbers <- function(x) paste(formatC(x, digits = 15, width = 1, format = "g"), collapse = " ")
list_of <- function(x) paste(length(x), numbers(x))
say <- function(...) cat(..., "\n", sep = " ")

# Several shapes of noise, all positive, in four decimals: without ties unless a case wants them.
draw <- function(n, shape) {
    raw <- switch(shape,
        normal = rnorm(n, 100, 3), lognormal = 100 * rlnorm(n, 0, 0.2), uniform = runif(n, 50, 150),
        bimodal = ifelse(runif(n) < 0.3, rnorm(n, 120, 2), rnorm(n, 100, 2)),
        spikes = rnorm(n, 100, 1) * ifelse(runif(n) < 0.05, 3, 1))
    round(raw, 4)
}
shapes <- c("normal", "lognormal", "uniform", "bimodal", "spikes")
distinct <- function(make) {
    repeat {
        values <- make()
        if (!anyDuplicated(unlist(values))) return(values)
    }
}

two <- function(kind, n, m, shape, exact) {
    shift <- round(runif(1, -5, 10), 4) + 0.00001
    confidence <- sample(c(0.90, 0.95, 0.96, 0.99), 1)
    s <- distinct(function() list(draw(n, shape), draw(m, shape)))
    x <- s[[1]]; y <- s[[2]]
    stopifnot(!anyDuplicated(c(x - shift, y)))
    test <- wilcox.test(x, y, alternative = "greater", mu = shift, exact = exact, correct = TRUE)
    if (exact) {
        range <- suppressWarnings(wilcox.test(x, y, exact = TRUE, conf.int = TRUE, conf.level = confidence))
        interval <- c(range$estimate, range$conf.int)
        if (pwilcox(0, n, m) > (1 - confidence) / 2) interval[2:3] <- c(-Inf, Inf) # R gives the widest it has
    } else {
        interval <- c(median(outer(x, y, "-")), -Inf, Inf)
    }
    say(kind, list_of(x), list_of(y), numbers(c(shift, confidence, test$statistic, test$p.value, interval)))
}
for (i in 1:100) two("exact", sample(2:25, 1), sample(3:50, 1), sample(shapes, 1), TRUE)
for (i in 1:20) two("exact", 50, sample(20:50, 1), sample(shapes, 1), TRUE)
for (i in 1:20) two("normal", sample(51:70, 1), sample(5:70, 1), sample(shapes, 1), FALSE)

# With ties R has no exact test: here all choose(n+m, n) of them are counted one by one.
for (i in 1:40) {
    n <- sample(2:6, 1); m <- sample(2:7, 1)
    x <- sample(1:6, n, replace = TRUE); y <- sample(1:6, m, replace = TRUE)
    ranks <- rank(c(x, y))
    sums <- combn(n + m, n, function(chosen) sum(ranks[chosen]))
    seen <- sum(ranks[1:n])
    say("ties", list_of(x), list_of(y), numbers(c(seen - n * (n + 1) / 2, mean(sums >= seen - 1e-9))))
}
for (i in 1:10) { # and the normal approximation with them, which R has
    x <- sample(1:9, 60, replace = TRUE); y <- sample(1:9, 55, replace = TRUE)
    test <- wilcox.test(x, y, alternative = "greater", exact = FALSE, correct = TRUE)
    say("ties", list_of(x), list_of(y), numbers(c(test$statistic, test$p.value)))
}

paired <- function(n, exact) {
    confidence <- sample(c(0.90, 0.95, 0.99), 1)
    repeat {
        x <- draw(n, sample(shapes, 1)); y <- draw(n, sample(shapes, 1)); shift <- round(runif(1, -5, 5), 4) + 0.00001
        if (!anyDuplicated(round(abs(x - y - shift), 9)) && !anyDuplicated(round(abs(x - y), 9)) && all(x != y)) break
    }
    test <- wilcox.test(x, y, paired = TRUE, alternative = "greater", mu = shift, exact = exact, correct = TRUE)
    if (exact) {
        range <- suppressWarnings(wilcox.test(x, y, paired = TRUE, exact = TRUE, conf.int = TRUE,
                                              conf.level = confidence))
        interval <- c(range$estimate, range$conf.int)
        if (psignrank(0, n) > (1 - confidence) / 2) interval[2:3] <- c(-Inf, Inf)
    } else {
        d <- x - y
        walsh <- outer(d, d, "+") / 2
        interval <- c(median(walsh[!lower.tri(walsh)]), -Inf, Inf)
    }
    say(if (exact) "paired" else "paired-normal", list_of(x), list_of(y), numbers(c(shift, confidence, test$statistic, test$p.value, interval)))
}
for (i in 1:30) paired(sample(3:45, 1), TRUE)
for (i in 1:10) paired(sample(51:80, 1), FALSE)

for (i in 1:40) { # p.adjust, of all or of the first few of a larger family
    p <- signif(rbeta(sample(1:60, 1), 0.4, 1.5), 10)
    if (i %% 5 == 0) p <- round(p, 1)
    family <- length(p) + sample(c(0, 0, 30), 1)
    say("adjust", list_of(p), family, numbers(p.adjust(p, "BH", n = family)))
}
for (i in 1:20) {
    n <- sample(1:2000, 1); k <- sample(0:min(n, 5), 1); confidence <- sample(c(0.95, 0.99), 1)
    say("proportion", k, n, numbers(c(confidence, binom.test(k, n, alternative = "less",
                                                             conf.level = confidence)$conf.int[2])))
}

# A straight line with its intervals.
for (i in 1:40) {
    n <- sample(3:12, 1); confidence <- sample(c(0.90, 0.95, 0.99), 1)
    x <- c(0, round(runif(n - 1, 1, 9000), 2))
    y <- round(runif(1, 0, 2) * x + rnorm(n, 20, 5), 4)
    fit <- lm(y ~ x)
    range <- confint(fit, level = confidence)
    say("line", list_of(x), list_of(y), numbers(c(confidence, coef(fit)[[2]], range[2, ], coef(fit)[[1]], range[1, ],
        summary(fit)$r.squared)))
}
