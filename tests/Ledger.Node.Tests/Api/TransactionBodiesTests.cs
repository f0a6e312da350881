using System.Text;
using Ledger.Node.Api;

namespace Ledger.Node.Tests.Api;

/// <summary>What reading a body costs.</summary>
public sealed class TransactionBodiesTests
{
    /// <summary>A few bytes each in the body would become an object of many fields each.</summary>
    [Fact]
    public void More_operations_than_a_transaction_has_are_not_made_objects_of()
    {
        var many = string.Join(',', Enumerable.Repeat("{}", 1_000_000));
        var body = Encoding.UTF8.GetBytes($$"""{"chainId":"test","operations":[{{many}}]}""");
        var before = GC.GetAllocatedBytesForCurrentThread();

        var (encoded, _, fault) = TransactionBodies.ReadJson(body);

        Assert.Null(encoded);
        Assert.Equal("operations: at most 64", fault);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 80 << 20);
    }
}
