"""The same endpoint as endpoint-server.ts, on FastAPI, SQLAlchemy 1.4 (async) and asyncpg."""

import os

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import Column, Integer, String, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import declarative_base, sessionmaker

engine = create_async_engine(os.environ["BENCH_URL"], pool_size=10, max_overflow=0)
new_session = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
Base = declarative_base()


class Office(Base):
    __tablename__ = "offices"
    id = Column(Integer, primary_key=True)
    name = Column(String, nullable=False)
    visits = Column(Integer, nullable=False)


class Plan(Base):
    __tablename__ = "plans"
    id = Column(Integer, primary_key=True)
    office_id = Column(Integer, nullable=False)
    title = Column(String, nullable=False)


class OfficeOut(BaseModel):
    id: int
    name: str
    visits: int

    class Config:
        orm_mode = True


class PlanOut(BaseModel):
    id: int
    office_id: int
    title: str

    class Config:
        orm_mode = True


class Page(BaseModel):
    office: OfficeOut
    plans: list[PlanOut]


async def session_of_request():
    async with new_session() as session:
        yield session


app = FastAPI()


@app.get("/fastapi/{office_id}", response_model=Page)
async def page(office_id: int, session: AsyncSession = Depends(session_of_request)):
    office = await session.execute(select(Office).where(Office.id == office_id))
    plans = await session.execute(select(Plan).where(Plan.office_id == office_id))
    return {"office": office.scalar_one(), "plans": plans.scalars().all()}
