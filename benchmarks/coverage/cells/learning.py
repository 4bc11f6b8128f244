# Statistics and machine learning.

# %% library: scikit-learn needs: numpy pandas
import numpy as np
from sklearn import (cluster, compose, datasets, decomposition, ensemble, feature_extraction, gaussian_process, linear_model,
    manifold, mixture, model_selection, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree)
X, Y = datasets.load_iris(return_X_y=True)
# %% LinearRegression
linear = linear_model.LinearRegression().fit(X[:, :3], X[:, 3])
(linear.coef_.round(9).tolist(), linear.predict(X[:2, :3]).round(9).tolist())
# %% LogisticRegression
logistic = linear_model.LogisticRegression(max_iter=500).fit(X, Y)
logistic.predict_proba(X[:2]).round(6).tolist()
# %% SGDClassifier
stochastic = linear_model.SGDClassifier(random_state=1).fit(X, Y)
(stochastic.predict(X[::40]).tolist(), stochastic.partial_fit(X[:5], Y[:5]).coef_.round(4).tolist())
# %% RandomForestClassifier
forest = ensemble.RandomForestClassifier(10, random_state=1).fit(X, Y)
(forest.predict(X[::30]).tolist(), forest.feature_importances_.round(9).tolist())
# %% GradientBoostingClassifier
boosting = ensemble.GradientBoostingClassifier(n_estimators=5, random_state=1).fit(X, Y)
boosting.predict_proba(X[:1]).round(9).tolist()
# %% HistGradientBoostingRegressor
histogram = ensemble.HistGradientBoostingRegressor(max_iter=5).fit(X, Y)
histogram.predict(X[:3]).round(9).tolist()
# %% DecisionTreeClassifier
decision = tree.DecisionTreeClassifier(random_state=1).fit(X, Y)
(decision.get_depth(), decision.predict(X[::40]).tolist(), tree.export_text(decision)[:40])
# %% SVC
support = svm.SVC(probability=False).fit(X, Y)
support.decision_function(X[:2]).round(6).tolist()
# %% KNeighborsClassifier
nearest = neighbors.KNeighborsClassifier(3).fit(X, Y)
(nearest.predict(X[::40]).tolist(), nearest.kneighbors(X[:1])[1].tolist())
# %% BallTree
ball = neighbors.BallTree(X)
ball.query(X[:1], k=3)[1].tolist()
# %% GaussianNB
bayes = naive_bayes.GaussianNB().fit(X, Y)
bayes.theta_.round(9).tolist()
# %% MLPClassifier
perceptron = neural_network.MLPClassifier((4,), max_iter=5, random_state=1, tol=10).fit(X, Y)
perceptron.predict_proba(X[:1]).round(6).tolist()
# %% GaussianProcessRegressor
process = gaussian_process.GaussianProcessRegressor(alpha=0.1).fit(X[:20], Y[:20] + X[:20, 0])
process.predict(X[:2]).round(6).tolist()
# %% KMeans
means = cluster.KMeans(3, n_init=1, random_state=1).fit(X)
(means.labels_[::30].tolist(), means.predict(X[:2]).tolist())
# %% DBSCAN
density = cluster.DBSCAN().fit(X)
density.labels_[::20].tolist()
# %% PCA
principal = decomposition.PCA(2).fit(X)
(principal.explained_variance_ratio_.round(9).tolist(), principal.transform(X[:1]).round(6).tolist())
# %% TSNE
embedding = manifold.TSNE(2, perplexity=5, max_iter=250, random_state=1, init="pca").fit(X[:20])
embedding.embedding_[:1].round(4).tolist()
# %% GaussianMixture
mixed = mixture.GaussianMixture(2, random_state=1).fit(X)
mixed.means_.round(6).tolist()
# %% StandardScaler
scaler = preprocessing.StandardScaler().fit(X)
scaler.transform(X[:1]).round(9).tolist()
# %% OneHotEncoder
encoder = preprocessing.OneHotEncoder(handle_unknown="ignore").fit([["a"], ["b"]])
(encoder.transform([["b"], ["c"]]).toarray().tolist(), encoder.categories_[0].tolist())
# %% Pipeline
chain = pipeline.make_pipeline(preprocessing.MinMaxScaler(), linear_model.Ridge()).fit(X, Y)
(chain.predict(X[:2]).round(9).tolist(), list(chain.named_steps))
# %% ColumnTransformer
columns = compose.ColumnTransformer([("n", preprocessing.StandardScaler(), [0, 1])], remainder="passthrough").fit(X)
columns.transform(X[:1]).round(9).tolist()
# %% TfidfVectorizer
tfidf = feature_extraction.text.TfidfVectorizer().fit(["a cat sat", "a dog"])
(sorted(tfidf.vocabulary_), tfidf.transform(["cat dog"]).toarray().round(6).tolist())
# %% GridSearchCV
search = model_selection.GridSearchCV(svm.SVC(), {"C": [0.1, 1]}, cv=3).fit(X, Y)
(search.best_params_, search.predict(X[:2]).tolist())
# %% FunctionTransformer
doubling = preprocessing.FunctionTransformer(lambda a: a * 2)
doubling.transform(np.ones(2)).tolist()
# %% Bunch
bunch = datasets.load_wine()
(bunch.data.shape, bunch.target_names.tolist(), bunch["feature_names"][0])

# %% library: statsmodels needs: numpy pandas scipy
import numpy as np, pandas as pd
import statsmodels.api as sm, statsmodels.formula.api as smf
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.holtwinters import SimpleExpSmoothing
RANDOM = np.random.default_rng(1)
DATA = pd.DataFrame({"x": np.arange(30.0), "y": np.arange(30.0) * 2 + RANDOM.normal(size=30), "g": list("ab") * 15})
# %% OLS results
ols = sm.OLS(DATA.y, sm.add_constant(DATA.x)).fit()
(ols.params.round(8).tolist(), round(ols.rsquared, 9), "R-squared" in str(ols.summary()))
# %% formula results
formula = smf.ols("y ~ x + C(g) + np.log(x + 1)", DATA).fit()
(formula.params.round(6).to_dict(), formula.predict(DATA.head(2)).round(6).tolist())
# %% GLM results
glm = sm.GLM((DATA.y > 30).astype(float), sm.add_constant(DATA.g.eq("a").astype(float)), family=sm.families.Binomial()).fit()
glm.params.round(6).tolist()
# %% ARIMA results
arima = ARIMA(DATA.y.to_numpy(), order=(1, 1, 0)).fit()
arima.forecast(2).round(4).tolist()
# %% exponential smoothing
smoothing = SimpleExpSmoothing(DATA.y.to_numpy(), initialization_method="estimated").fit()
smoothing.forecast(1).round(4).tolist()
# %% mixed model
mixed = smf.mixedlm("y ~ x", DATA, groups=DATA.g).fit()
mixed.fe_params.round(4).tolist()
# %% ECDF
ecdf = sm.distributions.ECDF([3, 1, 2])
ecdf([0, 2, 5]).round(6).tolist()

# %% library: xgboost-cpu needs: numpy scipy scikit-learn
import numpy as np, xgboost as xgb
X, Y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
# %% XGBClassifier
classifier = xgb.XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1).fit(X, Y)
(classifier.predict(X[:4]).tolist(), classifier.predict_proba(X[:1]).round(6).tolist())
# %% Booster
booster = xgb.train({"max_depth": 2, "nthread": 1}, xgb.DMatrix(X, Y), 3)
(booster.predict(xgb.DMatrix(X[:2])).round(6).tolist(), booster.num_boosted_rounds())
# %% DMatrix
matrix = xgb.DMatrix(X, Y, feature_names=["a", "b"])
(matrix.num_row(), matrix.get_label().tolist()[:3], matrix.feature_names)

# %% library: lightgbm needs: numpy scipy scikit-learn
import numpy as np, lightgbm as lgb
X, Y = np.arange(400.0).reshape(200, 2), np.arange(200) % 2
# %% LGBMRegressor
regressor = lgb.LGBMRegressor(n_estimators=3, n_jobs=1, verbose=-1).fit(X, Y)
regressor.predict(X[:2]).round(6).tolist()
# %% Booster
booster = lgb.train({"verbose": -1, "num_threads": 1}, lgb.Dataset(X, Y), 3)
(booster.predict(X[:2]).round(6).tolist(), booster.num_trees())
# %% Dataset
dataset = lgb.Dataset(X, Y, free_raw_data=False, params={"verbose": -1}).construct()
(dataset.num_data(), dataset.get_label()[:3].tolist(), dataset.num_feature())

# %% library: optuna
import optuna
optuna.logging.set_verbosity(optuna.logging.WARNING)
# %% Study
study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=3)
(len(study.trials), study.best_params, study.optimize(lambda trial: trial.suggest_float("x", -1, 1), n_trials=1), len(study.trials))

# %% library: jax needs: numpy
import numpy as np, jax, jax.numpy as jnp
# %% Array
device_array = jnp.arange(6.0).reshape(2, 3)
(np.asarray(device_array).tolist(), (device_array @ device_array.T).tolist(), str(device_array.dtype))
# %% bfloat16
narrow = jnp.array([1.5, 2.5], dtype=jnp.bfloat16)
(narrow.astype(float).tolist(), str(narrow.dtype))
# %% PRNG key
key = jax.random.key(3)
(jax.random.normal(key, (2,)).tolist(), str(key.dtype))
# %% jitted function
@jax.jit
def squared(x):
    return (x ** 2).sum()
warm = float(squared(jnp.arange(3.0)))
(float(squared(jnp.arange(4.0))), warm)
# %% grad
gradient = jax.grad(lambda x: x ** 3)
float(gradient(2.0))
# %% pytree
params = {"w": jnp.ones((2, 2)), "b": [jnp.zeros(2)]}
structure = jax.tree.structure(params)
(structure, [leaf.shape for leaf in jax.tree.leaves(params)])
# %% ShapeDtypeStruct
shape = jax.ShapeDtypeStruct((2, 3), jnp.float32)
(shape.shape, str(shape.dtype))

# %% library: numba needs: numpy
import numpy as np, numba
# %% njit
@numba.njit
def total(a):
    s = 0.0
    for v in a:
        s += v
    return s
first = total(np.arange(4.0))
(first, total(np.arange(5.0)), total.nopython_signatures)
# %% vectorize
@numba.vectorize(["float64(float64)"])
def halved(x):
    return x / 2
halved(np.array([1.0, 2.0])).tolist()

# %% library: torch needs: numpy large
import torch
from torch import nn
# %% Tensor
tensor = torch.arange(6.0).reshape(2, 3)
(tensor.tolist(), (tensor @ tensor.T).tolist(), tensor.dtype)
# %% view of a tensor
base = torch.arange(6)
row = base.view(2, 3)[1]
(row.tolist(), row.fill_(9).tolist(), base.tolist())
# %% Parameter
parameter = nn.Parameter(torch.ones(2))
(parameter.tolist(), parameter.requires_grad, type(parameter).__name__)
# %% Module
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.register_buffer("seen", torch.zeros(1))
    def forward(self, x):
        return self.layer(x)
torch.manual_seed(1)
net = Net()
(net(torch.ones(1, 2)).tolist(), sorted(net.state_dict()))
# %% Sequential
torch.manual_seed(2)
stack = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.BatchNorm2d(2))
stack.eval()(torch.ones(1, 1, 4, 4)).shape
# %% Adam with its model
torch.manual_seed(3)
trained = nn.Linear(2, 1)
adam = torch.optim.Adam(trained.parameters(), lr=0.1)
trained(torch.ones(1, 2)).sum().backward()
adam.step()
(adam.param_groups[0]["params"][0] is trained.weight, adam.step(), trained.weight.tolist(), adam.state_dict()["param_groups"][0]["lr"])
# %% scheduler
scheduled = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
scheduler = torch.optim.lr_scheduler.StepLR(scheduled, 1, 0.5)
(scheduled.step(), scheduler.step(), scheduler.get_last_lr(), scheduled.param_groups[0]["lr"])
# %% graph of a result
leaf = torch.tensor([2.0], requires_grad=True)
result = (leaf ** 2).sum()
(result.item(), result.backward(), leaf.grad.tolist())
# %% DataLoader
torch.manual_seed(4)
data = torch.utils.data.TensorDataset(torch.arange(4.0))
loader = torch.utils.data.DataLoader(data, batch_size=2)
[batch[0].tolist() for batch in loader]
# %% sparse tensor
sparse = torch.eye(3).to_sparse()
(sparse.to_dense().tolist(), sparse.layout)
# %% quantized and bfloat16
brain = torch.tensor([1.5, 2.5], dtype=torch.bfloat16)
(brain.tolist(), brain.dtype)
# %% Generator
generator = torch.Generator().manual_seed(5)
torch.rand(2, generator=generator).tolist()
# %% ScriptModule
@torch.jit.script
def doubled(x: torch.Tensor):
    return x * 2
doubled(torch.ones(1)).tolist()
# %% Distribution
gaussian = torch.distributions.Normal(torch.tensor(0.0), torch.tensor(1.0))
gaussian.log_prob(torch.tensor(0.5)).item()
