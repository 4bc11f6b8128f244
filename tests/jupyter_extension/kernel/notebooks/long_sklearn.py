# needs: sklearn
# Learning.
# %%
import numpy as np
from sklearn import datasets, linear_model, model_selection, pipeline, preprocessing
X, y = datasets.load_iris(return_X_y=True)
train, test, y_train, y_test = model_selection.train_test_split(X, y, random_state=0)
train.shape
# %%
model = pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression())
model.fit(train, y_train)
round(model.score(test, y_test), 4)
# %%
scores = model_selection.cross_val_score(model, X, y, cv=3)
scores.round(4), model.predict(test[:5])
# %%
model.named_steps["logisticregression"].coef_.round(3)[0], model
