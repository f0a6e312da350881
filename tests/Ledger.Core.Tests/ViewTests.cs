namespace Ledger.Core.Tests;

public sealed class ViewTests
{
    [Theory]
    [InlineData(0UL, "0")]
    [InlineData(7UL, "7")]
    [InlineData((1UL << 32) + 0, "0 of epoch 1")]
    [InlineData((3UL << 32) + 12, "12 of epoch 3")]
    public void A_view_is_named_within_its_epoch(ulong value, string name)
        => Assert.Equal(name, new View(value).ToString());
}
