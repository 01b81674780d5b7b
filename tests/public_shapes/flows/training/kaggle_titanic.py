from metaflow import *
import pandas as pd, numpy as np
import warnings; warnings.filterwarnings("ignore")

class TitanicFlow(FlowSpec):

    test_size = Parameter('test-size', type=float, default=.2)
    model_type = Parameter('model', default='rf', help="rf or logreg")

    def load(self, name):
        path = "https://raw.example.com/titanic/%s.csv" % name
        return pd.read_csv(path)

    def _clean(self, df):
        df['Age'] = df['Age'].fillna(df['Age'].median())
        df['Sex'] = (df.Sex == 'female').astype(int)
        return df[['Pclass', 'Sex', 'Age', 'SibSp', 'Parch', 'Fare']]

    @step
    def start(self):
        self.train = self.load('train')
        self.X = self._clean(self.train)
        self.y = self.train.Survived
        self.next(self.split)

    @step
    def split(self):
        from sklearn.model_selection import train_test_split
        (self.X_train, self.X_test,
         self.y_train, self.y_test) = train_test_split(self.X, self.y, test_size=self.test_size)
        self.next({'rf': self.forest, 'logreg': self.logistic}, condition='model_type')

    @step
    def forest(self):
        from sklearn.ensemble import RandomForestClassifier
        self.model = RandomForestClassifier().fit(self.X_train, self.y_train)
        self.next(self.end)

    @step
    def logistic(self):
        from sklearn.linear_model import LogisticRegression
        self.model = LogisticRegression().fit(self.X_train, self.y_train)
        self.next(self.end)

    @step
    def end(self):
        acc = np.mean(self.model.predict(self.X_test) == self.y_test)
        print(f'{self.model_type}: {acc:.1%}')

if __name__ == '__main__':
    TitanicFlow()
