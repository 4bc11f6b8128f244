# Libraries that describe data by classes.

# %% library: attrs
import attr, attrs
# %% define
@attrs.define
class Point:
    x: int
    y: int = 2
point = Point(1)
(point, attrs.evolve(point, y=5), attrs.asdict(point), point == Point(1))
# %% frozen
@attrs.frozen
class Fixed:
    x: list = attrs.field(factory=list, converter=list)
fixed = Fixed((1, 2))
(fixed, hash(Fixed) is not None, attrs.fields(Fixed).x.name)

# %% library: pydantic
import pydantic
from typing import List, Optional
# %% BaseModel
class Person(pydantic.BaseModel):
    name: str
    age: int = pydantic.Field(ge=0)
    tags: List[str] = []
person = Person(name="Ada", age="36", tags=["a"])
(person, person.model_dump_json(), Person.model_validate({"name": "B", "age": 1}), sorted(Person.model_json_schema()))
# %% model with a validator
class Even(pydantic.BaseModel):
    value: int
    @pydantic.field_validator("value")
    @classmethod
    def even(cls, value):
        if value % 2:
            raise ValueError("odd")
        return value
even = Even(value=4)
def refused():
    try:
        Even(value=3)
    except pydantic.ValidationError as error:
        return error.error_count()
(even, refused(), even.model_copy(update={"value": 6}))
# %% TypeAdapter
adapter = pydantic.TypeAdapter(List[Optional[int]])
(adapter.validate_python(["1", None]), adapter.dump_json([1, None]))
# %% SecretStr
secret = pydantic.SecretStr("s")
(secret, secret.get_secret_value())
