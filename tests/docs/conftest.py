import pytest

from tests.docs.pages import PAGES


@pytest.fixture(params=PAGES.values(), ids=PAGES)
def page(request):
    return request.param
