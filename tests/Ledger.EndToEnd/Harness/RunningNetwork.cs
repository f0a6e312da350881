using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>One network for all tests of a class that do it no lasting harm.</summary>
public sealed class RunningNetwork : IAsyncLifetime
{
    internal TestNetwork Network { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Network = await TestNetwork.StartAsync();

    public ValueTask DisposeAsync()
    {
        Network.Dispose();
        return ValueTask.CompletedTask;
    }
}
