using Ledger.Node.Hosting;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Tests.Hosting;

public sealed class RepeatLimitTests
{
    private readonly ManualClock _clock = new();
    private readonly List<string> _heard = [];
    private readonly ILogger _logger;

    public RepeatLimitTests() => _logger = new RepeatLimit(new Listener(_heard), _clock).CreateLogger("test");

    [Fact]
    public void A_sentence_passes_twenty_times_and_then_is_counted()
    {
        Say(LogLevel.Warning, 1, times: 50);
        Assert.Equal(20, _heard.Count);

        _clock.Advance(seconds: 10);
        Say(LogLevel.Warning, 1, times: 1);

        Assert.Equal("30 more of the next sentence (name) were left out", _heard[20]);
        Assert.Equal("sentence 1", _heard[21]);
        Assert.Equal(22, _heard.Count);
    }

    [Fact]
    public void One_sentence_does_not_silence_another()
    {
        Say(LogLevel.Warning, 1, times: 50);
        Say(LogLevel.Warning, 2, times: 1);

        Assert.Equal("sentence 2", _heard[^1]);
    }

    [Fact]
    public void What_ends_the_node_and_what_is_not_ours_always_passes()
    {
        Say(LogLevel.Critical, 1, times: 50);
        Say(LogLevel.Error, 0, times: 50);

        Assert.Equal(100, _heard.Count);
    }

    [Fact]
    public void Nothing_left_out_is_not_told()
    {
        Say(LogLevel.Warning, 1, times: 20);
        _clock.Advance(seconds: 10);
        Say(LogLevel.Warning, 1, times: 1);

        Assert.All(_heard, line => Assert.Equal("sentence 1", line));
    }

    private void Say(LogLevel level, int id, int times)
    {
        for (var i = 0; i < times; i++)
        {
            _logger.Log(level, new EventId(id, "name"), id, null, (state, _) => $"sentence {state}");
        }
    }

    private sealed class Listener(List<string> heard) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
            => heard.Add(formatter(state, exception));

        public void Dispose()
        {
            // Nothing to let go of.
        }
    }
}
