using Ledger.Node.Api;
using Ledger.Node.Tests.Transport;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Ledger.Node.Tests.Api;

/// <summary>Reads that go through many records, asked for by many at once.</summary>
public sealed class HeavyReadsTests : IDisposable
{
    private readonly RequestMemory _memory = new(1 << 20);
    private readonly HeavyReads _reads;

    public HeavyReadsTests() => _reads = new(_memory);

    public void Dispose() => _reads.Dispose();

    [Fact]
    public async Task They_take_turns_and_who_would_wait_too_long_is_told_to_come_again()
    {
        TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = 0;
        var asked = Enumerable.Range(0, 200).Select(_ => AskAsync(async () =>
        {
            Interlocked.Increment(ref running);
            await end.Task;
            return Results.Ok();
        })).ToList();

        Assert.InRange(Volatile.Read(ref running), 1, Math.Max(1, Environment.ProcessorCount / 2));
        var refused = asked.Count(each => each.IsCompleted);
        Assert.InRange(refused, 100, 199);
        end.SetResult();
        var statuses = await Task.WhenAll(asked).WaitAsync(TestChain.Deadline);

        Assert.Equal(refused, statuses.Count(status => status == 429));
        Assert.Equal(200 - refused, running);
        Assert.Equal(200, await AskAsync(() => Task.FromResult(Results.Ok())));
    }

    [Fact]
    public async Task A_large_answer_is_counted_until_its_client_has_it()
    {
        using Response slow = new();

        Assert.Equal(200, await AskAsync(() => Task.FromResult(Results.Bytes(new byte[1 << 20])), slow));
        Assert.Equal(429, await AskAsync(() => Task.FromResult(Results.Bytes(new byte[1 << 17]))));
        Assert.Equal(200, await AskAsync(() => Task.FromResult(Results.Bytes(new byte[1 << 10]))));

        await slow.CompleteAsync();
        Assert.Equal(200, await AskAsync(() => Task.FromResult(Results.Bytes(new byte[1 << 17]))));
    }

    private async Task<int> AskAsync(Func<Task<IResult>> read, Response? response = null)
    {
        DefaultHttpContext http = new();
        if (response is not null)
        {
            http.Features.Set<IHttpResponseFeature>(response);
        }

        var answer = await _reads.InvokeAsync(
            EndpointFilterInvocationContext.Create(http), async _ => await read());
        return (answer as IStatusCodeHttpResult)?.StatusCode ?? 200;
    }

    /// <summary>One that ends when the test says so.</summary>
    private sealed class Response : HttpResponseFeature, IDisposable
    {
        private Func<Task> _onCompleted = () => Task.CompletedTask;

        public override void OnCompleted(Func<object, Task> callback, object state)
            => _onCompleted = () => callback(state);

        public Task CompleteAsync() => _onCompleted();

        public void Dispose() => GC.SuppressFinalize(this);
    }
}
