"""The plain thing over HTTP: FastAPI, pydantic, SQLAlchemy's ORM, tables and joins.

python -m bench.peers.plain_http      (PLAIN_DATABASE_URL in the environment)
"""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import ForeignKey, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship

_CONNECTIONS = 16
engine = create_async_engine(
    make_url(os.environ["PLAIN_DATABASE_URL"]).set(drivername="postgresql+psycopg"),
    pool_size=_CONNECTIONS,
    max_overflow=0,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Tables(DeclarativeBase):
    """All tables."""


class Customer(Tables):
    """A customer."""

    __tablename__ = "customers"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]


class Product(Tables):
    """A product."""

    __tablename__ = "products"
    sku: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Delivery(Tables):
    """Units that came into stock."""

    __tablename__ = "deliveries"
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str]
    quantity: Mapped[int]
    reference: Mapped[str]


class Line(Tables):
    """A line of an order."""

    __tablename__ = "order_lines"
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("products.sku"))
    quantity: Mapped[int]
    unit_price_cents: Mapped[int]
    product: Mapped[Product] = relationship()


class Order(Tables):
    """An order."""

    __tablename__ = "orders"
    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[int]
    total_cents: Mapped[int]
    currency_code: Mapped[str]
    region_code: Mapped[str]
    placed_at: Mapped[datetime]
    last_updated: Mapped[datetime]
    version: Mapped[int]
    customer: Mapped[Customer] = relationship()
    lines: Mapped[list[Line]] = relationship(order_by=Line.line)


class DeliveryIn(BaseModel):
    """A delivery as it is sent."""

    sku: str = Field(pattern=r"^[A-Za-z0-9._-]{1,128}$")
    quantity: int = Field(ge=1, le=1_000_000_000)
    reference: str = Field(default="", max_length=200)


class DeliveryOut(BaseModel):
    """A delivery as it is answered."""

    id: int
    sku: str


class LineOut(BaseModel):
    """A line as it is answered."""

    sku: str
    name: str
    quantity: int
    unit_price_cents: int


class OrderOut(BaseModel):
    """An order as it is answered."""

    order_id: str
    customer_id: str
    customer_name: str
    customer_email: str
    status: int
    total_cents: int
    currency_code: str
    formatted_total: str
    is_high_value: bool
    region_code: str
    placed_at: datetime
    last_updated: datetime
    version: int
    items: list[LineOut]


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=_lifespan)


@app.post("/deliveries", status_code=201)
async def receive_stock(given: DeliveryIn) -> DeliveryOut:
    """One row in a transaction."""
    async with sessions.begin() as session:
        delivery = Delivery(sku=given.sku, quantity=given.quantity, reference=given.reference)
        session.add(delivery)
        await session.flush()
        return DeliveryOut(id=delivery.id, sku=delivery.sku)


@app.get("/orders/{order_id}")
async def get_order(order_id: str) -> OrderOut:
    """One order with its lines by one statement."""
    wanted = (
        select(Order)
        .where(Order.id == order_id)
        .options(joinedload(Order.customer), joinedload(Order.lines).joinedload(Line.product))
    )
    async with sessions() as session:
        order = (await session.execute(wanted)).unique().scalar_one_or_none()
    if order is None:
        raise HTTPException(404)
    return _shown(order)


def _shown(order: Order) -> OrderOut:
    fields: dict[str, Any] = {
        name: getattr(order, name)
        for name in (
            *("customer_id", "status", "total_cents", "currency_code"),
            *("region_code", "placed_at", "last_updated", "version"),
        )
    }
    return OrderOut(
        order_id=order.id,
        customer_name=order.customer.name,
        customer_email=order.customer.email,
        formatted_total=f"€{order.total_cents / 100:,.2f}",
        is_high_value=order.total_cents > 100_000,
        items=[
            LineOut(
                sku=line.sku,
                name=line.product.name,
                quantity=line.quantity,
                unit_price_cents=line.unit_price_cents,
            )
            for line in order.lines
        ],
        **fields,
    )


def main() -> None:
    """Serve until the process is ended."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(f"ready 127.0.0.1:{listening.getsockname()[1]}", flush=True)
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning"))
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
