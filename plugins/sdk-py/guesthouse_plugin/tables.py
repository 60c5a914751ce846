"""The plugin's own tables. A row is a ``dict`` of its columns, and ``id``."""

from __future__ import annotations

from typing import Any, Sequence

from wit_world.imports import manifests
from wit_world.imports import tables as raw

from ._errors import ask

Steps = list[Any]


class Filter:
    """Which rows: ``(col("price") > 5) & ~col("sold")``; combined by ``&``, ``|`` and ``~``."""

    def __init__(self, kind: str, parts: Sequence[Any]) -> None:
        self.kind, self.parts = kind, parts

    def __and__(self, other: Filter) -> Filter:
        return Filter("all", [self, other])

    def __or__(self, other: Filter) -> Filter:
        return Filter("any", [self, other])

    def __invert__(self) -> Filter:
        return Filter("not", [self])


class col:
    """A column to compare. A column that is true or false is a condition by itself: ``col("done") == True``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def _is(self, comparison: raw.Comparison, value: object) -> Filter:
        return Filter("is", [self.name, comparison, value])

    def __eq__(self, value: object) -> Filter:  # type: ignore[override]
        return self._is(raw.Comparison.EQ, value)

    def __ne__(self, value: object) -> Filter:  # type: ignore[override]
        return self._is(raw.Comparison.NE, value)

    def __lt__(self, value: object) -> Filter:
        return self._is(raw.Comparison.LT, value)

    def __le__(self, value: object) -> Filter:
        return self._is(raw.Comparison.LE, value)

    def __gt__(self, value: object) -> Filter:
        return self._is(raw.Comparison.GT, value)

    def __ge__(self, value: object) -> Filter:
        return self._is(raw.Comparison.GE, value)

    def contains(self, text: str) -> Filter:
        return self._is(raw.Comparison.CONTAINS, text)

    def starts_with(self, text: str) -> Filter:
        return self._is(raw.Comparison.STARTS_WITH, text)

    def one_of(self, values: Sequence[object]) -> Filter:
        return Filter("any", [self == value for value in values])


class Table:
    """A table with its columns: ``{"text": "text", "price": "real?"}``, where ``?`` says that it may be null."""

    def __init__(
        self,
        name: str,
        columns: dict[str, str],
        *,
        unique: Sequence[Sequence[str]] = (),
        indexes: Sequence[Sequence[str]] = (),
    ) -> None:
        self.name, self.columns, self.unique, self.indexes = name, columns, unique, indexes
        self._kinds = {"id": "integer"} | {column: kind.removesuffix("?") for column, kind in columns.items()}

    def declaration(self) -> manifests.Table:
        """What the manifest says of it."""
        columns = [
            manifests.Column(name, manifests.ColumnKind[kind.removesuffix("?").upper()], kind.endswith("?"))
            for name, kind in self.columns.items()
        ]
        return manifests.Table(self.name, columns, [list(key) for key in self.unique], [list(key) for key in self.indexes])

    def get(self, id: int) -> dict[str, Any] | None:
        """The row with this id."""
        row = ask("tables", raw.get, self.name, id, [])
        return None if row is None else _row(row)

    def find(
        self,
        *filters: Filter,
        order_by: str | Sequence[str] = (),
        limit: int = 1000,
        offset: int = 0,
        columns: Sequence[str] = (),
        **equal: object,
    ) -> list[dict[str, Any]]:
        """The rows that pass: ``find(col("price") > 5, shop="a", order_by="-price")``; ``-`` puts the largest first."""
        names = [order_by] if isinstance(order_by, str) else order_by
        order = [raw.Order(name.removeprefix("-"), name.startswith("-")) for name in names]
        query = raw.Query(self.name, list(columns), self._steps(filters, equal), order, limit, offset)
        return [_row(row) for row in ask("tables", raw.find, query)]

    def first(self, *filters: Filter, order_by: str | Sequence[str] = (), **equal: object) -> dict[str, Any] | None:
        """The first row that passes."""
        return next(iter(self.find(*filters, order_by=order_by, limit=1, **equal)), None)  # type: ignore[arg-type]

    def count(self, *filters: Filter, **equal: object) -> int:
        """How many rows pass."""
        return ask("tables", raw.count, self.name, self._steps(filters, equal))

    def sum(self, column: str, *filters: Filter, **equal: object) -> int:
        """The sum of an integer column over the rows that pass."""
        return ask("tables", raw.sum, self.name, column, self._steps(filters, equal))

    def insert(self, **row: object) -> int:
        """Adds a row and returns its id. Columns that are not named are null."""
        return ask("tables", raw.insert, self.name, self._cells(row))

    def update(self, id: int, **changes: object) -> None:
        """Changes the named columns of a row."""
        ask("tables", raw.update, self.name, id, self._cells(changes))

    def increment(self, id: int, column: str, by: int = 1) -> int:
        """Adds to an integer column and returns what it holds then. None is lost, however many turns do it at once."""
        return ask("tables", raw.increment, self.name, id, column, by)

    def delete(self, id: int) -> bool:
        """Removes a row; says whether there was one."""
        return ask("tables", raw.delete, self.name, id)

    def _cells(self, row: dict[str, object]) -> list[raw.Cell]:
        return [raw.Cell(column, self._value(column, value)) for column, value in row.items()]

    def _value(self, column: str, value: Any) -> raw.Value:
        if value is None:
            return raw.Value_Null()
        match self._kinds.get(column):
            case "integer" | "timestamp":
                return raw.Value_Integer(int(value))
            case "real":
                return raw.Value_Real(float(value))
            case "text":
                return raw.Value_Text(str(value))
            case "bytes":
                return raw.Value_Bytes(bytes(value))
            case "boolean":
                return raw.Value_Boolean(bool(value))
            case _:
                raise TypeError(f"table `{self.name}` has no column `{column}`")

    def _steps(self, filters: Sequence[Filter], equal: dict[str, object]) -> Steps:
        parts = [*filters, *(col(column) == value for column, value in equal.items())]
        return [step for part in parts for step in self._one(part)]

    def _one(self, part: Filter) -> Steps:
        """Operands first, as the contract has it."""
        if part.kind == "is":
            column, comparison, value = part.parts
            return [raw.FilterStep_Condition(raw.Condition(column, comparison, self._value(column, value)))]
        steps = [step for inner in part.parts for step in self._one(inner)]
        count = len(part.parts)
        if part.kind == "not":
            return [*steps, raw.FilterStep_Negate()]
        return [*steps, raw.FilterStep_AllOf(count) if part.kind == "all" else raw.FilterStep_AnyOf(count)]


def _row(row: raw.Row) -> dict[str, Any]:
    return {"id": row.id} | {cell.column: getattr(cell.value, "value", None) for cell in row.cells}
